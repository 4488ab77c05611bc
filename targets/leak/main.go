// Command leak starts, once in so many requests, a goroutine that never ends: it sends to a channel
// whose reader has given up, the classic shape of a missing buffer.
package main

import (
	"net/http"
	"sync/atomic"

	"gosweep.dev/targets/internal/probe"
)

func main() {
	target := probe.New("leak", "goroutines that never end")
	every := target.Int("every", 10, 0, 1_000_000_000, "one request in so many leaks a goroutine; 0: none does")
	held := target.Int("hold-bytes", 1024, 0, 1<<30, "memory that each leaked goroutine keeps alive")
	most := target.Int("most", 100_000, 0, 10_000_000, "leaked goroutines after which no more are added, to spare the host")
	target.Main(func() (probe.Service, error) {
		leaker := &leaker{every: int64(*every), heldBytes: *held, most: int64(*most)}
		return probe.Service{Handler: leaker, Counters: func() map[string]int64 {
			return map[string]int64{"requests": leaker.requests.Load(), "leaked": leaker.leaked.Load()}
		}}, nil
	})
}

type leaker struct {
	every     int64
	heldBytes int
	most      int64
	requests  atomic.Int64
	leaked    atomic.Int64
}

func (leaker *leaker) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	number := leaker.requests.Add(1)
	if leaker.every > 0 && number%leaker.every == 0 && number/leaker.every <= leaker.most {
		leaker.leaked.Add(1)
		result := make(chan []byte) // unbuffered, and nobody receives
		go func() { result <- make([]byte, leaker.heldBytes) }()
	}
	probe.Reply(w, "text/plain", []byte("done\n"))
}
