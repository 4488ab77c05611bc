// Command syscalls makes each request wait in system calls, in one of three ways: a read of a pipe
// that blocks its OS thread, the same read parked in Go's netpoller, or reads of a file.
package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"gosweep.dev/targets/internal/probe"
)

// reader does the system calls of one request.
type reader interface {
	read(delay time.Duration) error
}

func main() {
	target := probe.New("syscalls", "blocking file and pipe system calls")
	kind := target.Choice("kind", "pipe blocks a thread per read, pollpipe parks in the netpoller, file reads a cached file", "pipe", "pollpipe", "file")
	delay := target.Int("delay-us", 1000, 0, 60_000_000, "how long each pipe read has to wait, in microseconds")
	reads := target.Int("reads", 1, 1, 100_000, "reads per request, one after another")
	target.Main(func() (probe.Service, error) {
		reader, err := newReader(*kind)
		if err != nil {
			return probe.Service{}, err
		}
		var done atomic.Int64
		return probe.Service{
			Handler:  serve(reader, *reads, time.Duration(*delay)*time.Microsecond, &done),
			Counters: func() map[string]int64 { return map[string]int64{"reads": done.Load()} },
		}, nil
	})
}

func newReader(kind string) (reader, error) {
	switch kind {
	case "pipe":
		return &pipes{open: openBlocking}, nil
	case "pollpipe":
		return &pipes{open: openPolled}, nil
	default:
		return openScratchFile()
	}
}

func serve(reader reader, reads int, delay time.Duration, done *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < reads; i++ {
			if err := reader.read(delay); err != nil {
				http.Error(w, fmt.Sprintf("read: %v", err), http.StatusInternalServerError)
				return
			}
		}
		done.Add(int64(reads))
		probe.Reply(w, "text/plain", []byte("done\n"))
	}
}
