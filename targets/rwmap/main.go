// Command rwmap serves reads and a few writes of one shared map, kept safe in one of three ways:
// a sync.Mutex, a sync.RWMutex or a sync.Map.
package main

import (
	"math/rand"
	"net/http"
	"sync/atomic"

	"gosweep.dev/targets/internal/probe"
)

func main() {
	target := probe.New("rwmap", "read-mostly shared map behind Mutex, RWMutex or sync.Map")
	kind := target.Choice("kind", "what guards the map", "rwmutex", "mutex", "syncmap")
	keys := target.Int("keys", 1024, 1, 10_000_000, "keys in the map")
	operations := target.Int("operations", 60, 1, 1_000_000, "operations per request")
	writes := target.Int("writes", 10, 0, 1000, "writes per 1,000 operations")
	hold := target.Int("hold", 30, 0, 100_000_000, "loop iterations per operation, under the lock if there is one")
	yield := target.Int("yield", 0, 0, 1, "1: yield once during each operation and once after it, as around I/O")
	target.Main(func() (probe.Service, error) {
		store := newStore(*kind, *keys, during{iterations: *hold, yield: *yield == 1})
		var reads, written atomic.Int64
		return probe.Service{
			Handler: operate(store, *keys, *operations, *writes, &reads, &written),
			Counters: func() map[string]int64 {
				return map[string]int64{"reads": reads.Load(), "writes": written.Load(), "contended": store.contended()}
			},
		}, nil
	})
}

func operate(store store, keys, operations, writesPerThousand int, reads, written *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		writes := 0
		for operation := 0; operation < operations; operation++ {
			key := rand.Intn(keys)
			if rand.Intn(1000) < writesPerThousand {
				store.write(key)
				writes++
			} else {
				store.read(key)
			}
		}
		reads.Add(int64(operations - writes))
		written.Add(int64(writes))
		probe.Reply(w, "text/plain", []byte("done\n"))
	}
}
