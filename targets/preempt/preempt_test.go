package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

// On one P a burst that cannot be interrupted lets nothing else run, so the direction is a count
// of requests and needs no clock: exactly none during bursts without async preemption.
func TestWithoutPreemptionNothingRunsDuringABurst(t *testing.T) {
	run := func(off string) observe.Observation {
		seen := observe.Run(t, observe.Setting{
			Env:     []string{"GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=" + off},
			Options: []string{"-spin", "50000000", "-rest-us", "2000"}, Path: "/", Requests: 800,
		})
		t.Logf("%s: %d of %d requests served during %d bursts", seen, seen.Counter("served_during_bursts"), seen.Counter("served"), seen.Counter("bursts"))
		if seen.Counter("bursts") == 0 {
			t.Fatalf("%s: no burst ended during the load", seen)
		}
		return seen
	}
	if on := run("0").Counter("served_during_bursts"); on == 0 {
		t.Error("no request was served during a burst although it can be preempted")
	}
	if off := run("1").Counter("served_during_bursts"); off != 0 {
		t.Errorf("%d requests were served during bursts that cannot be preempted", off)
	}
}
