package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestEveryLeakStays(t *testing.T) {
	run := func(options ...string) observe.Observation {
		seen := observe.Run(t, observe.Setting{
			Options: options, Path: "/", Requests: 2000,
			AfterLoad: func(process *observe.Process) { process.ForceGC() },
		})
		t.Logf("%s: %d leaked, %.0f goroutines, live heap %.1f MiB", seen, seen.Counter("leaked"),
			seen.Metric("/sched/goroutines:goroutines"), seen.Metric("/gc/heap/live:bytes")/(1<<20))
		return seen
	}
	none, some := run("-every", "0"), run("-every", "2", "-hold-bytes", "10240")
	if leaked := some.Counter("leaked"); leaked != 1000 || none.Counter("leaked") != 0 {
		t.Errorf("%d leaked with -every 2, %d with none", leaked, none.Counter("leaked"))
	}
	if grown := some.Metric("/sched/goroutines:goroutines") - none.Metric("/sched/goroutines:goroutines"); grown < 900 || grown > 1100 {
		t.Errorf("%.0f goroutines more with 1,000 leaked", grown)
	}
	if grown := some.Metric("/gc/heap/live:bytes") - none.Metric("/gc/heap/live:bytes"); grown < 9<<20 {
		t.Errorf("live heap grew by %.0f bytes with 1,000 times 10 KiB held", grown)
	}
	if capped := run("-every", "2", "-most", "100").Counter("leaked"); capped != 100 {
		t.Errorf("%d leaked with -most 100", capped)
	}
}
