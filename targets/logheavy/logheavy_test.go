package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestBufferSavesWrites(t *testing.T) {
	run := func(buffer string) int64 {
		seen := observe.Run(t, observe.Setting{Options: []string{"-buffer-kib", buffer}, Path: "/", Requests: 1000})
		if lines := seen.Counter("lines"); lines != 1000*10 {
			t.Errorf("%s: %d lines, want 10 per request", seen, lines)
		}
		t.Logf("%s: %d writes for %d lines, %.1f objects per request", seen, seen.Counter("writes"), seen.Counter("lines"),
			seen.MetricPerRequest("/gc/heap/allocs:objects"))
		return seen.Counter("writes")
	}
	if direct, buffered := run("0"), run("64"); direct != 10_000 || buffered == 0 || buffered > 100 {
		t.Errorf("%d writes without a buffer, %d with 64 KiB", direct, buffered)
	}
}

func TestNoLineIsLostInTheBuffer(t *testing.T) {
	for _, bufferBytes := range []int{0, 1 << 16} {
		var written strings.Builder
		sink := newSink(&written, bufferBytes)
		var logged atomic.Int64
		handler := serve(slog.New(slog.NewJSONHandler(sink, nil)), 7, &logged)
		handler(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/path", nil))
		sink.flush()
		if lines := strings.Count(written.String(), "\n"); lines != 7 || logged.Load() != 7 {
			t.Errorf("buffer of %d bytes: %d lines written, %d counted, want 7", bufferBytes, lines, logged.Load())
		}
		if last := fmt.Sprintf("%q:%d}\n", "step", 6); !strings.HasSuffix(written.String(), last) {
			t.Errorf("buffer of %d bytes: log ends in %q", bufferBytes, written.String())
		}
	}
}
