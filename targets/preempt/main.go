// Command preempt answers quick requests beside a loop that makes no function call and so has no
// preemption point of its own. Since Go 1.14 the runtime interrupts such a loop by a signal; with
// GODEBUG=asyncpreemptoff=1 everything that needs its P, and every stop of the world, has to wait
// for the end of the burst.
package main

import (
	"net/http"
	"sync/atomic"
	"time"

	"gosweep.dev/targets/internal/probe"
	"gosweep.dev/targets/internal/work"
)

// spinner burns CPU in bursts and counts what the rest of the process did meanwhile.
type spinner struct {
	iterations   int
	rest         time.Duration
	bursts       atomic.Int64
	servedDuring atomic.Int64 // requests answered while a burst was under way
}

func main() {
	target := probe.New("preempt", "quick requests beside a loop without preemption points")
	spinners := target.Int("spinners", 1, 0, 1000, "goroutines that spin")
	iterations := target.Int("spin", 20_000_000, 1, 2_000_000_000, "loop iterations per burst; 20 million take some 20-60 ms")
	rest := target.Int("rest-us", 20_000, 0, 60_000_000, "pause after each burst, in microseconds")
	garbage := target.Int("garbage-kib", 16, 0, 1<<20, "KiB allocated per request, so that collections run")
	target.Main(func() (probe.Service, error) {
		var served atomic.Int64
		spinner := &spinner{iterations: *iterations, rest: time.Duration(*rest) * time.Microsecond}
		for i := 0; i < *spinners; i++ {
			go spinner.run(&served)
		}
		return probe.Service{
			Handler: serve(*garbage<<10, &served),
			Counters: func() map[string]int64 {
				return map[string]int64{
					"served": served.Load(), "bursts": spinner.bursts.Load(), "served_during_bursts": spinner.servedDuring.Load(),
				}
			},
		}, nil
	})
}

func (spinner *spinner) run(served *atomic.Int64) {
	state := uint64(1)
	for {
		before := served.Load()
		state = work.Spin(state, spinner.iterations) // a leaf function: not even its entry checks for preemption
		spinner.servedDuring.Add(served.Load() - before)
		spinner.bursts.Add(1)
		time.Sleep(spinner.rest)
	}
}

func serve(garbageBytes int, served *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		body := append(make([]byte, 0, garbageBytes+5), "done\n"...)
		served.Add(1)
		probe.Reply(w, "text/plain", body)
	}
}
