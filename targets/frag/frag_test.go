package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestSurvivorsKeepTheirSpans(t *testing.T) {
	unusedMiB := func(keepEvery string) float64 {
		seen := observe.Run(t, observe.Setting{
			Options: []string{"-fill-mib", "64", "-keep-every", keepEvery}, Path: "/", Requests: 500,
			AfterLoad: func(process *observe.Process) { process.ForceGC() },
		})
		if bytes := seen.MetricPerRequest("/gc/heap/allocs:bytes"); bytes < 8*pageBytes {
			t.Errorf("%s: %.0f bytes per request, want 8 pages at least", seen, bytes)
		}
		objects, unused := seen.Metric("/memory/classes/heap/objects:bytes"), seen.Metric("/memory/classes/heap/unused:bytes")
		t.Logf("%s: objects %.1f MiB, unused %.1f MiB, unused share %.2f", seen, objects/(1<<20), unused/(1<<20), unused/(objects+unused))
		return unused / (1 << 20)
	}
	// Of 64 MiB in spans of 8 objects, keeping one in each leaves 56 MiB unused.
	whole, holed, freed := unusedMiB("1"), unusedMiB("8"), unusedMiB("512")
	if whole > 8 || holed < 50 || freed > 8 {
		t.Errorf("unused MiB: %.1f with all objects kept, %.1f with one in each span, %.1f with one in 64 spans", whole, holed, freed)
	}
}
