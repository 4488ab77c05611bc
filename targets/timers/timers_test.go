package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestForgottenTimersStay(t *testing.T) {
	const started = 2000 * 20
	run := func(stop string) observe.Observation {
		seen := observe.Run(t, observe.Setting{
			Options: []string{"-stop", stop, "-after-ms", "3600000"}, Path: "/", Requests: 2000,
			AfterLoad: func(process *observe.Process) { process.ForceGC(); process.ForceGC() },
		})
		t.Logf("%s: %d started, %d stopped, live heap %.2f MiB", seen, seen.Counter("started"), seen.Counter("stopped"),
			seen.Metric("/gc/heap/live:bytes")/(1<<20))
		if seen.Counter("started") != started {
			t.Errorf("%s: %d timers started, want 20 per request", seen, seen.Counter("started"))
		}
		return seen
	}
	stopped, forgotten := run("1"), run("0")
	if stopped.Counter("stopped") != started || forgotten.Counter("stopped") != 0 {
		t.Errorf("%d of %d stopped, and %d when none should be", stopped.Counter("stopped"), started, forgotten.Counter("stopped"))
	}
	// A runtime timer alone takes more than 64 bytes (time.Timer, runtime/time.go).
	if grown := forgotten.Metric("/gc/heap/live:bytes") - stopped.Metric("/gc/heap/live:bytes"); grown < started*64 {
		t.Errorf("%.0f bytes more live with %d timers forgotten", grown, started)
	}
}

func TestTimersThatAreNotStoppedFire(t *testing.T) {
	const started = 100 * 20
	seen := observe.Run(t, observe.Setting{
		Options: []string{"-stop", "0", "-after-ms", "50"}, Path: "/", Requests: 100,
		AfterLoad: func(process *observe.Process) { process.AwaitCounter("fired", started) },
	})
	t.Logf("%s: %d of %d fired", seen, seen.Counter("fired"), seen.Counter("started"))
	if seen.Counter("fired") != started || seen.Counter("stopped") != 0 {
		t.Errorf("%d timers fired and %d stopped of %d", seen.Counter("fired"), seen.Counter("stopped"), started)
	}
}
