package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestBlockingReadsHoldThreads(t *testing.T) {
	threads := func(kind, delay string) int {
		seen := observe.Run(t, observe.Setting{
			Options: []string{"-kind", kind, "-delay-us", delay}, Path: "/", Requests: 640, Connections: 64,
		})
		if reads := seen.Counter("reads"); reads != 640 {
			t.Errorf("%s: %d reads, want one per request", seen, reads)
		}
		t.Logf("%s: %d threads, %.2f voluntary context switches per request", seen, seen.Threads(), seen.SwitchesPerRequest())
		return seen.Threads()
	}
	// 20 ms are long enough for 64 reads to overlap on any machine that can run the test at all.
	blocking, polled, file := threads("pipe", "20000"), threads("pollpipe", "20000"), threads("file", "0")
	if blocking < 48 || polled > 32 || file > 32 {
		t.Errorf("%d threads blocked in 64 reads, %d with the netpoller, %d reading a file", blocking, polled, file)
	}
}
