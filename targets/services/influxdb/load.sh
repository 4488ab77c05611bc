#!/bin/sh
# Makes the database `shop` in the InfluxDB at $1 and writes 100 series of 60 points. $2 is a folder for the data on
# their way.
set -eu
curl --fail --silent --show-error --output /dev/null --data-urlencode 'q=CREATE DATABASE shop' "http://$1/query"
awk 'BEGIN {
    for (series = 0; series < 100; series++)
        for (at = 0; at < 60; at++)
            printf "orders,shop=%d,region=%d value=%d %d000000000\n", series, series % 10, at * (series % 7 + 1), 1699996400 + at * 60
}' > "$2/points.txt"
curl --fail --silent --show-error --output /dev/null --data-binary "@$2/points.txt" "http://$1/write?db=shop"
rm "$2/points.txt"
