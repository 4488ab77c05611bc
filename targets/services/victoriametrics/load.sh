#!/bin/sh
# Writes an hour of 500 series, one sample every 30 s until 1700000000, into the VictoriaMetrics at $1. $2 is a folder
# for the data on their way.
set -eu
awk 'BEGIN {
    for (series = 0; series < 500; series++)
        for (at = 0; at < 120; at++)
            printf "shop_orders_total{shop=\"%d\",region=\"%d\"} %d %d000\n", series, series % 10, at * (series % 7 + 1), 1699996400 + at * 30
}' > "$2/samples.txt"
curl --fail --silent --show-error --output /dev/null --data-binary "@$2/samples.txt" "http://$1/api/v1/import/prometheus"
curl --fail --silent --show-error --output /dev/null "http://$1/internal/force_flush"
rm "$2/samples.txt"
