// Command mutex makes every request pass through a lock that all requests share, holding it for a
// counted amount of work. No environment variable cures it; sharding the lock does.
package main

import (
	"math/rand"
	"net/http"
	"runtime"
	"sync"

	"gosweep.dev/targets/internal/probe"
	"gosweep.dev/targets/internal/work"
)

// shard is one lock and what it guards. The padding keeps two shards apart by the 128 bytes that
// x86 prefetches in pairs, so that shards share a lock or nothing.
type shard struct {
	mutex     sync.Mutex
	state     uint64
	acquired  int64
	contended int64 // acquisitions that found the lock taken
	_         [128]byte
}

// settings are the options, per request.
type settings struct {
	rounds int  // acquisitions
	hold   int  // iterations of work under the lock
	yield  bool // give up the P once under the lock, and once after it
}

func main() {
	target := probe.New("mutex", "one contended sync.Mutex; sharding cures it, settings do not")
	shards := target.Int("shards", 1, 1, 4096, "locks that the requests spread over")
	rounds := target.Int("rounds", 1, 1, 10_000, "acquisitions per request")
	hold := target.Int("hold", 16_000, 0, 100_000_000, "loop iterations under the lock, per acquisition")
	yield := target.Int("yield", 0, 0, 1, "1: yield once under the lock and once after it, as around I/O")
	target.Main(func() (probe.Service, error) {
		locks := make([]shard, *shards)
		return probe.Service{
			Handler:  acquire(locks, settings{*rounds, *hold, *yield == 1}),
			Counters: func() map[string]int64 { return count(locks) },
		}, nil
	})
}

func acquire(locks []shard, settings settings) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for round := 0; round < settings.rounds; round++ {
			// The global source is per thread and lock-free since Go 1.20 (math/rand, randautoseed).
			locks[rand.Intn(len(locks))].use(settings)
			if settings.yield {
				runtime.Gosched() // or the same goroutine would take the lock again at once, uncontended
			}
		}
		probe.Reply(w, "text/plain", []byte("done\n"))
	}
}

func (shard *shard) use(settings settings) {
	contended := !shard.mutex.TryLock()
	if contended {
		shard.mutex.Lock()
	}
	defer shard.mutex.Unlock()
	shard.acquired++
	if contended {
		shard.contended++
	}
	shard.state = work.Spin(shard.state, settings.hold)
	if settings.yield {
		runtime.Gosched()
	}
}

func count(locks []shard) map[string]int64 {
	var acquired, contended int64
	for i := range locks {
		shard := &locks[i]
		shard.mutex.Lock()
		acquired += shard.acquired
		contended += shard.contended
		shard.mutex.Unlock()
	}
	return map[string]int64{"acquired": acquired, "contended": contended}
}
