#!/bin/sh
# Puts 50 keys into the etcd at $1.
set -eu
key=0
while [ "$key" -lt 50 ]; do
    name=$(printf 'key-%d' "$key" | base64)
    curl --fail --silent --show-error --output /dev/null \
        --data "{\"key\": \"$name\", \"value\": \"dmFsdWU=\"}" "http://$1/v3/kv/put"
    key=$((key + 1))
done
