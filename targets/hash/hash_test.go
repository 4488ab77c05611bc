package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestMoreHashingMakesNoMoreGarbage(t *testing.T) {
	run := func(kib string) observe.Observation {
		seen := observe.Run(t, observe.Setting{Options: []string{"-kib", kib}, Path: "/", Requests: 2000})
		t.Logf("%s: %d bytes hashed and %.0f allocated per request, %.2f GCs per 1,000", seen,
			seen.Counter("hashed_bytes")/2000, seen.MetricPerRequest("/gc/heap/allocs:bytes"), seen.GCPerThousand())
		return seen
	}
	little, much := run("1"), run("64")
	if ratio := much.Counter("hashed_bytes") / little.Counter("hashed_bytes"); ratio != 64 {
		t.Errorf("64 times the KiB hashed %d times the bytes", ratio)
	}
	if grown := much.MetricPerRequest("/gc/heap/allocs:bytes") - little.MetricPerRequest("/gc/heap/allocs:bytes"); grown > 500 {
		t.Errorf("hashing 63 KiB more allocates %.0f bytes more per request", grown)
	}
}
