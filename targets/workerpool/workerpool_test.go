package main

import (
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestRoomInTheQueueEndsBlockedSends(t *testing.T) {
	blocked := func(queue, workers string) int64 {
		seen := observe.Run(t, observe.Setting{
			Options: []string{"-queue", queue, "-workers", workers}, Path: "/", Requests: 500, Connections: 16,
		})
		if jobs := seen.Counter("jobs"); jobs != 500*16 {
			t.Errorf("%s: %d jobs, want 16 per request", seen, jobs)
		}
		t.Logf("%s: %d of %d sends blocked", seen, seen.Counter("blocked_sends"), seen.Counter("jobs"))
		return seen.Counter("blocked_sends")
	}
	// 256 = 16 connections x 16 jobs: room for everything that can be in flight.
	if none, roomy := blocked("0", "2"), blocked("256", "2"); none < 500 || roomy != 0 {
		t.Errorf("%d sends blocked without a queue, %d with room for all", none, roomy)
	}
}
