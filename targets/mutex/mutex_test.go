package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

// With -yield 1 the holder is off its P while others arrive, so the lock is contended even on one
// core and the direction does not hang on the machine.
func TestShardsEndContention(t *testing.T) {
	run := func(shards string) (observe.Observation, float64) {
		seen := observe.Run(t, observe.Setting{
			Options: []string{"-shards", shards, "-rounds", "20", "-hold", "300", "-yield", "1"}, Path: "/", Requests: 500, Connections: 16,
		})
		if acquired := seen.Counter("acquired"); acquired != 500*20 {
			t.Errorf("%s: %d acquisitions, want 20 per request", seen, acquired)
		}
		share := float64(seen.Counter("contended")) / float64(seen.Counter("acquired"))
		t.Logf("%s: %.3f of acquisitions contended, %.1f us mutex wait per request", seen, share,
			1e6*seen.MetricPerRequest("/sync/mutex/wait/total:seconds"))
		return seen, share
	}
	_, one := run("1")
	_, many := run("256")
	if one < 0.5 || many > one/4 {
		t.Errorf("contended share %.3f with one lock, %.3f with 256", one, many)
	}
}
