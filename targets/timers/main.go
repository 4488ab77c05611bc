// Command timers starts timers for every request, as time-outs do, and stops them or forgets them.
// A forgotten timer stays in the runtime's heap of timers until it fires.
package main

import (
	"net/http"
	"sync/atomic"
	"time"

	"gosweep.dev/targets/internal/probe"
)

func main() {
	target := probe.New("timers", "timers per request, stopped or forgotten")
	count := target.Int("timers", 20, 0, 1_000_000, "timers started per request")
	after := target.Int("after-ms", 5000, 1, 3_600_000, "when a timer that is not stopped fires, in milliseconds")
	stop := target.Int("stop", 1, 0, 1, "1: stop them before answering; 0: let them fire")
	target.Main(func() (probe.Service, error) {
		timers := &timers{count: *count, after: time.Duration(*after) * time.Millisecond, stop: *stop == 1}
		return probe.Service{Handler: timers, Counters: func() map[string]int64 {
			return map[string]int64{"started": timers.started.Load(), "stopped": timers.stopped.Load(), "fired": timers.fired.Load()}
		}}, nil
	})
}

type timers struct {
	count   int
	after   time.Duration
	stop    bool
	started atomic.Int64
	stopped atomic.Int64
	fired   atomic.Int64
}

func (timers *timers) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	running := make([]*time.Timer, timers.count)
	for i := range running {
		running[i] = time.AfterFunc(timers.after, func() { timers.fired.Add(1) })
	}
	timers.started.Add(int64(timers.count))
	if timers.stop {
		stopped := int64(0)
		for _, timer := range running {
			if timer.Stop() {
				stopped++
			}
		}
		timers.stopped.Add(stopped)
	}
	probe.Reply(w, "text/plain", []byte("done\n"))
}
