package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestGOGCUpMeansFewerCollections(t *testing.T) {
	run := func(environment ...string) float64 {
		seen := observe.Run(t, observe.Setting{Env: environment, Path: "/items", Requests: 3000})
		t.Logf("%s: %.1f GCs per 1,000 requests, %.0f bytes and %.0f objects per request", seen, seen.GCPerThousand(),
			seen.MetricPerRequest("/gc/heap/allocs:bytes"), seen.MetricPerRequest("/gc/heap/allocs:objects"))
		return seen.GCPerThousand()
	}
	often, seldom := run("GOGC=50"), run("GOGC=400")
	if often < 3*seldom || seldom == 0 {
		t.Errorf("%.1f GCs per 1,000 requests at GOGC=50, %.1f at 400", often, seldom)
	}
	// 3,000 requests allocate some 80 MiB: hardly once around within the limit.
	if limited := run("GOGC=off", "GOMEMLIMIT=64MiB"); limited > seldom {
		t.Errorf("%.1f GCs per 1,000 requests with GOGC=off and a limit of 64 MiB, %.1f at GOGC=400", limited, seldom)
	}
}

func TestItemsAllocate(t *testing.T) {
	run := func(items string) float64 {
		seen := observe.Run(t, observe.Setting{Options: []string{"-items", items}, Path: "/items", Requests: 500})
		t.Logf("%s: %.0f objects per request", seen, seen.MetricPerRequest("/gc/heap/allocs:objects"))
		return seen.MetricPerRequest("/gc/heap/allocs:objects")
	}
	few, many := run("10"), run("110")
	if perItem := (many - few) / 100; perItem < 3 || perItem > 12 {
		t.Errorf("%.1f objects per item", perItem)
	}
}
