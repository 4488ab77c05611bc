package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestLockedWorkersHaveThreads(t *testing.T) {
	run := func(lock string) observe.Observation {
		seen := observe.Run(t, observe.Setting{
			Options: []string{"-lock", lock, "-workers", "40"}, Path: "/", Requests: 2000,
		})
		if jobs := seen.Counter("jobs"); jobs != 2000*2 {
			t.Errorf("%s: %d jobs, want 2 per request", seen, jobs)
		}
		t.Logf("%s: %d threads, %.2f voluntary context switches per request", seen, seen.Threads(), seen.SwitchesPerRequest())
		return seen
	}
	locked, free := run("1"), run("0")
	if locked.Threads() < 40 || free.Threads() > 30 {
		t.Errorf("%d threads with 40 locked workers, %d with free ones", locked.Threads(), free.Threads())
	}
	// A hand-over to a locked worker and back cannot happen without a switch of threads.
	if locked.SwitchesPerRequest() < 2 || locked.SwitchesPerRequest() < 2*free.SwitchesPerRequest() {
		t.Errorf("%.2f voluntary context switches per request locked, %.2f free", locked.SwitchesPerRequest(), free.SwitchesPerRequest())
	}
}
