package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestParkedGoroutinesCostStacks(t *testing.T) {
	run := func(parked string) observe.Observation {
		seen := observe.Run(t, observe.Setting{Options: []string{"-parked", parked}, Path: "/", Requests: 200,
			AfterLoad: func(process *observe.Process) { process.ForceGC() }})
		if spawned := seen.Counter("spawned"); spawned != 200*50 {
			t.Errorf("%s: %d goroutines started, want 50 per request", seen, spawned)
		}
		t.Logf("%s: %.0f goroutines, stacks %.1f MiB, %.2f MiB of them scanned, runtime total %.1f MiB", seen, seen.Metric("/sched/goroutines:goroutines"),
			seen.Metric("/memory/classes/heap/stacks:bytes")/(1<<20), seen.Metric("/gc/scan/stack:bytes")/(1<<20), seen.Metric("/memory/classes/total:bytes")/(1<<20))
		return seen
	}
	none, many := run("0"), run("20000")
	if grown := many.Metric("/sched/goroutines:goroutines") - none.Metric("/sched/goroutines:goroutines"); grown < 19_000 || grown > 21_000 {
		t.Errorf("%.0f goroutines more with 20,000 parked", grown)
	}
	if scan := "/gc/scan/stack:bytes"; many.Metric(scan) < 10*none.Metric(scan) {
		t.Errorf("%.0f bytes of stack scanned with 20,000 parked, %.0f with none", many.Metric(scan), none.Metric(scan))
	}
	// 2 KiB is the smallest stack of a goroutine (runtime/stack.go, stackMin); some come from stacks
	// that were already there.
	stacks := "/memory/classes/heap/stacks:bytes"
	if grown := many.Metric(stacks) - none.Metric(stacks); grown < 19_000*2048 {
		t.Errorf("%.0f bytes of stack more with 20,000 parked", grown)
	}
}
