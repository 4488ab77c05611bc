// Command logheavy writes structured log lines for every request. Unbuffered, each line is a write
// system call made under the logger's one lock; buffered, hundreds of lines share a call.
package main

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"gosweep.dev/targets/internal/probe"
)

func main() {
	target := probe.New("logheavy", "structured log lines per request")
	lines := target.Int("lines", 10, 0, 100_000, "log lines per request")
	buffer := target.Int("buffer-kib", 0, 0, 1<<20, "KiB gathered before a write; 0: each line is written at once")
	to := target.Choice("to", "where lines go; devnull still makes the system calls, discard makes none", "devnull", "stdout", "discard")
	target.Main(func() (probe.Service, error) {
		destination, err := open(*to)
		if err != nil {
			return probe.Service{}, err
		}
		sink := newSink(destination, *buffer<<10)
		var logged atomic.Int64
		return probe.Service{
			Handler: serve(slog.New(slog.NewJSONHandler(sink, nil)), *lines, &logged),
			Counters: func() map[string]int64 {
				return map[string]int64{"lines": logged.Load(), "writes": sink.writes.Load()}
			},
			Close: sink.flush,
		}, nil
	})
}

func open(to string) (io.Writer, error) {
	switch to {
	case "stdout":
		return os.Stdout, nil
	case "devnull":
		return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	default:
		return io.Discard, nil
	}
}

// sink counts the writes that reach its destination, with a buffer before them if asked for.
type sink struct {
	writes      atomic.Int64
	destination io.Writer
	mutex       sync.Mutex    // guards buffered against flush; slog's handler holds a lock of its own
	buffered    *bufio.Writer // nil when lines are written at once
}

func newSink(destination io.Writer, bufferBytes int) *sink {
	sink := &sink{destination: destination}
	if bufferBytes > 0 {
		sink.buffered = bufio.NewWriterSize(countedWriter{sink}, bufferBytes)
	}
	return sink
}

type countedWriter struct{ sink *sink }

func (writer countedWriter) Write(lines []byte) (int, error) {
	writer.sink.writes.Add(1)
	return writer.sink.destination.Write(lines)
}

func (sink *sink) Write(line []byte) (int, error) {
	if sink.buffered == nil {
		return countedWriter{sink}.Write(line)
	}
	sink.mutex.Lock()
	defer sink.mutex.Unlock()
	return sink.buffered.Write(line)
}

func (sink *sink) flush() {
	if sink.buffered != nil {
		sink.mutex.Lock()
		defer sink.mutex.Unlock()
		sink.buffered.Flush()
	}
}

func serve(logger *slog.Logger, lines int, logged *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for line := 0; line < lines; line++ {
			logger.Info("handled", "method", r.Method, "path", r.URL.Path, "remote", r.RemoteAddr, "step", line)
		}
		logged.Add(int64(lines))
		probe.Reply(w, "text/plain", []byte("done\n"))
	}
}
