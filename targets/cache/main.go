// Command cache keeps a live heap of a chosen size that is nothing but small objects and pointers:
// an in-memory LRU cache. Every collection has to walk all of it, so what a collection costs
// follows -live-mib, and how often one runs follows GOGC and GOMEMLIMIT.
package main

import (
	"fmt"
	"math/rand"
	"net/http"

	"gosweep.dev/targets/internal/probe"
)

func main() {
	target := probe.New("cache", "pointer-rich live heap with lookups and churn")
	liveMiB := target.Int("live-mib", 64, 1, 1<<20, "size of the live heap in MiB")
	lookups := target.Int("lookups", 16, 0, 1_000_000, "entries looked up per request")
	replaces := target.Int("replaces", 4, 0, 1_000_000, "entries replaced per request: old ones become garbage")
	garbage := target.Int("garbage", 160, 0, 1_000_000, "short-lived objects of 128 bytes per request")
	target.Main(func() (probe.Service, error) {
		cache := newCache(*liveMiB << 20)
		return probe.Service{
			Handler:  serve(cache, *lookups, *replaces, *garbage),
			Counters: cache.count,
		}, nil
	})
}

func serve(cache *cache, lookups, replaces, garbage int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var sum uint64
		for i := 0; i < lookups; i++ {
			sum += cache.lookup(rand.Uint64())
		}
		for i := 0; i < replaces; i++ {
			cache.replace(rand.Uint64())
		}
		sum += allocate(garbage)
		probe.Reply(w, "text/plain", []byte(fmt.Sprintf("%016x\n", sum)))
	}
}

// scrap is a short-lived object that holds a pointer, so that it goes to a span that is scanned.
type scrap struct {
	previous *scrap
	data     [120]byte
}

// allocate chains count scraps together, which keeps them on the heap until it returns.
func allocate(count int) uint64 {
	var last *scrap
	for i := 0; i < count; i++ {
		last = &scrap{previous: last}
		last.data[0] = byte(i)
	}
	if last == nil {
		return 0
	}
	return uint64(last.data[0])
}
