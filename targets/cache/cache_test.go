package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func run(t *testing.T, gogc, liveMiB string) observe.Observation {
	seen := observe.Run(t, observe.Setting{
		Env: []string{"GOGC=" + gogc}, Options: []string{"-live-mib", liveMiB}, Path: "/", Requests: 4000,
		AfterLoad: func(process *observe.Process) { process.ForceGC() },
	})
	t.Logf("%s: live %.1f MiB, scanned %.1f MiB per cycle, %.2f GCs per 1,000 requests", seen,
		seen.Metric("/gc/heap/live:bytes")/(1<<20), seen.Metric("/gc/scan/heap:bytes")/(1<<20), seen.GCPerThousand())
	return seen
}

func TestLiveHeapIsWhatWasAskedFor(t *testing.T) {
	small, large := run(t, "100", "16"), run(t, "100", "64")
	for mib, seen := range map[float64]observe.Observation{16: small, 64: large} {
		if live := seen.Metric("/gc/heap/live:bytes") / (1 << 20); live < mib*0.95 || live > mib*1.1+2 {
			t.Errorf("%s: live heap %.1f MiB", seen, live)
		}
	}
	if scan := "/gc/scan/heap:bytes"; large.Metric(scan) < 3*small.Metric(scan) {
		t.Errorf("%.0f bytes scanned with 64 MiB live, %.0f with 16", large.Metric(scan), small.Metric(scan))
	}
	if large.GCPerThousand() > small.GCPerThousand()/2 {
		t.Errorf("%.2f GCs per 1,000 requests with 64 MiB live, %.2f with 16", large.GCPerThousand(), small.GCPerThousand())
	}
}

func TestGOGCUpMeansFewerCollections(t *testing.T) {
	often, seldom := run(t, "50", "16"), run(t, "400", "16")
	if goal := "/gc/heap/goal:bytes"; seldom.Metric(goal) < 2*often.Metric(goal) {
		t.Errorf("heap goal %.0f bytes at GOGC=400, %.0f at 50", seldom.Metric(goal), often.Metric(goal))
	}
	if often.GCPerThousand() < 2*seldom.GCPerThousand() {
		t.Errorf("%.2f GCs per 1,000 requests at GOGC=50, %.2f at 400", often.GCPerThousand(), seldom.GCPerThousand())
	}
}

// Every key must stay reachable through its chain, and the list must hold each entry once.
func TestCacheKeepsEveryKey(t *testing.T) {
	cache := newCache(1 << 18)
	for number := uint64(0); number < 3*cache.entries; number++ {
		cache.replace(number * 7919)
		cache.lookup(number * 104729)
	}
	var listed uint64
	for i := range cache.shards {
		shard := &cache.shards[i]
		for at := shard.oldest; at != nil; at = at.newer {
			listed++
			if at.payload.owner != at {
				t.Fatalf("key %d has another entry's payload", at.key)
			}
			if at.newer == nil && at != shard.newest {
				t.Fatalf("list of shard %d ends early", i)
			}
		}
	}
	if listed != cache.entries {
		t.Errorf("%d entries listed, want %d", listed, cache.entries)
	}
	for key := uint64(0); key < cache.entries; key++ {
		if got := cache.lookup(key); got != uint64(byte(key)) {
			t.Fatalf("key %d holds %d", key, got)
		}
	}
}
