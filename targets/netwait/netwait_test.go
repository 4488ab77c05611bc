package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestOnlyASmallPoolMakesCallsWait(t *testing.T) {
	run := func(pool string) observe.Observation {
		seen := observe.Run(t, observe.Setting{Options: []string{"-pool", pool}, Path: "/", Requests: 640, Connections: 64})
		if calls := seen.Counter("calls"); calls != 640 {
			t.Errorf("%s: %d calls, want one per request", seen, calls)
		}
		t.Logf("%s: %d of %d calls waited for a connection, %d threads", seen, seen.Counter("pool_waits"), seen.Counter("calls"), seen.Threads())
		return seen
	}
	small, roomy := run("4"), run("64")
	if small.Counter("pool_waits") < 320 || roomy.Counter("pool_waits") != 0 {
		t.Errorf("%d calls waited with 4 connections, %d with 64", small.Counter("pool_waits"), roomy.Counter("pool_waits"))
	}
	if roomy.Threads() > 32 {
		t.Errorf("%d threads for 64 waits in the netpoller", roomy.Threads())
	}
}
