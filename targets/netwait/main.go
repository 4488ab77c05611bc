// Command netwait makes every request call a slow downstream service over loopback TCP: most
// goroutines wait in the netpoller, the CPUs idle, and no runtime setting makes it faster.
package main

import (
	"fmt"
	"net/http"
	"time"

	"gosweep.dev/targets/internal/probe"
)

func main() {
	target := probe.New("netwait", "downstream calls over the netpoller; latency is the downstream's")
	delay := target.Int("delay-us", 5000, 0, 60_000_000, "how long the downstream takes to answer, in microseconds")
	connections := target.Int("pool", 64, 1, 10_000, "connections to the downstream; a call waits while all are taken")
	target.Main(func() (probe.Service, error) {
		address, err := startDownstream(time.Duration(*delay) * time.Microsecond)
		if err != nil {
			return probe.Service{}, fmt.Errorf("downstream: %w", err)
		}
		pool, err := dialPool(address, *connections)
		if err != nil {
			return probe.Service{}, fmt.Errorf("downstream: %w", err)
		}
		return probe.Service{Handler: serve(pool), Counters: pool.count}, nil
	})
}

func serve(pool *pool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := pool.call(); err != nil {
			http.Error(w, fmt.Sprintf("downstream: %v", err), http.StatusBadGateway)
			return
		}
		probe.Reply(w, "text/plain", []byte("done\n"))
	}
}
