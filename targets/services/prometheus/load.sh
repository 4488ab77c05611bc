#!/bin/sh
# Writes an hour of 500 series, one sample every 30 s until 1700000000, into the data folder of a Prometheus.
set -eu
awk 'BEGIN {
    print "# TYPE shop_orders counter"
    for (series = 0; series < 500; series++)
        for (at = 0; at < 120; at++)
            printf "shop_orders_total{shop=\"%d\",region=\"%d\"} %d %d\n", series, series % 10, at * (series % 7 + 1), 1699996400 + at * 30
    print "# EOF"
}' > "$1/samples.txt"
promtool tsdb create-blocks-from openmetrics --quiet "$1/samples.txt" "$1/data"
rm "$1/samples.txt"
