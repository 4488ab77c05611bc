// Command fanout starts goroutines for every request and waits for them all, beside a chosen
// number of goroutines that are parked for good, up to a million.
package main

import (
	"net/http"
	"sync"
	"sync/atomic"

	"gosweep.dev/targets/internal/probe"
	"gosweep.dev/targets/internal/work"
)

func main() {
	target := probe.New("fanout", "goroutines per request, beside up to a million parked ones")
	goroutines := target.Int("goroutines", 50, 0, 1_000_000, "goroutines started per request")
	parked := target.Int("parked", 0, 0, 1_000_000, "goroutines parked from the start; a million takes about 2.5 GiB")
	iterations := target.Int("child-work", 100, 0, 1_000_000_000, "loop iterations per started goroutine")
	target.Main(func() (probe.Service, error) {
		park(*parked)
		var spawned atomic.Int64
		return probe.Service{
			Handler:  fanOut(*goroutines, *iterations, &spawned),
			Counters: func() map[string]int64 { return map[string]int64{"spawned": spawned.Load()} },
		}, nil
	})
}

// park returns once all goroutines wait on a channel that nobody closes before the process ends.
func park(count int) {
	never := make(chan struct{})
	var parked sync.WaitGroup
	parked.Add(count)
	for i := 0; i < count; i++ {
		go func() {
			parked.Done()
			<-never
		}()
	}
	parked.Wait()
}

func fanOut(goroutines, iterations int, spawned *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var children sync.WaitGroup
		children.Add(goroutines)
		for i := 0; i < goroutines; i++ {
			go func() {
				defer children.Done()
				work.Burn(iterations)
			}()
		}
		children.Wait()
		spawned.Add(int64(goroutines))
		probe.Reply(w, "text/plain", []byte("done\n"))
	}
}
