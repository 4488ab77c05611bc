package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestIdleConnectionsCostMemoryAndNoThreads(t *testing.T) {
	run := func(conns string) observe.Observation {
		seen := observe.Run(t, observe.Setting{
			Options: []string{"-conns", conns}, Path: "/", Requests: 300,
			AfterLoad: func(process *observe.Process) { process.ForceGC() },
		})
		t.Logf("%s: %.0f goroutines, live heap %.2f MiB, stacks %.2f MiB, %d threads", seen, seen.Metric("/sched/goroutines:goroutines"),
			seen.Metric("/gc/heap/live:bytes")/(1<<20), seen.Metric("/memory/classes/heap/stacks:bytes")/(1<<20), seen.Threads())
		return seen
	}
	none, many := run("0"), run("500")
	if grown := many.Metric("/sched/goroutines:goroutines") - none.Metric("/sched/goroutines:goroutines"); grown < 450 || grown > 600 {
		t.Errorf("%.0f goroutines more with 500 idle connections, want one each", grown)
	}
	// Each connection keeps its read and write buffers of 4 KiB at least (net/http, newBufioReader).
	if grown := many.Metric("/gc/heap/live:bytes") - none.Metric("/gc/heap/live:bytes"); grown < 500*4096 {
		t.Errorf("%.0f bytes more live with 500 idle connections", grown)
	}
	if many.Threads() > 32 {
		t.Errorf("%d threads with 500 idle connections", many.Threads())
	}
}
