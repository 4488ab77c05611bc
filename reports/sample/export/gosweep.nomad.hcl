# Not recommended by gosweep, exported because it was asked for, for httpjson: gomaxprocs=default
# gogc=400
# From run quickstart, by gosweep REVISION.
# Measured against the control of the same blocks:
# - QPS 23,192/s → 24,582/s, +4.6% [−15.8, +26.3]: cannot be told (6 blocks)
# - P99 4.46 ms → 3.60 ms, +24% [−45, +179]: cannot be told (6 blocks)
# - GC/1k req 8.96 → 1.77, −80% [−80, −79]: better (6 blocks)
# - GC/s 80.0/s → 15.8/s, −80% [−80, −79]: better (6 blocks)
# - GC CPU 4.77% → 1.03%, −78% [−80, −76]: better (6 blocks)
# - RSS peak 12.5 MiB → 24.5 MiB, +97% [+95, +98]: worse (6 blocks)
# Valid for:
# - a live heap of 628 KiB to 759 KiB
# - latency and GC: 8,932/s; throughput: up to 22,330/s
# - 1 CPU of this CPU model
# - no CPU quota and no memory cap: measure again under yours
# - go1.26.8; a new minor version moves the collector and the scheduler
# Before it goes out:
# - gain shown, loss open: gogc=400 (control: 100)
# - measured with go1.26.8: keep them only with Go 1.26
# Rollout: One instance, or at most 2 % of the traffic, for 15 minutes; then 10 %, 50 % and 100 %,
# with one traffic peak on the way.
# Rollback: Take it back if, against the instances without it, any of these holds for three minutes
# in a row (one-minute windows): P99 ratio above 1 + the larger of 5 % and three standard
# deviations, errors up by 0.1 pp, resident memory above 90 % of the cap, throttled periods up by 5
# pp, GC above 25 % of the CPU, or the GC limiter ran.
# Undo: nomad job revert JOB VERSION, or take the lines out and run the job again
# These belong into the job's `task` block, into its own blocks of the same name.
env {
  # GOGC: was 100; the only change, so the whole effect comes from it
  GOGC = "400"
}
