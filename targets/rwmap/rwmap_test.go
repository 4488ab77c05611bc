package main

import (
	"sync"
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, false) }

func TestReadersShareAnRWMutex(t *testing.T) {
	const operations = 300 * 60
	contended := func(kind, writes string) int64 {
		seen := observe.Run(t, observe.Setting{
			Options: []string{"-kind", kind, "-writes", writes, "-yield", "1"}, Path: "/", Requests: 300, Connections: 16,
		})
		if done := seen.Counter("reads") + seen.Counter("writes"); done != operations {
			t.Errorf("%s: %d operations, want %d", seen, done, operations)
		}
		t.Logf("%s: %d of %d operations contended, %.1f us mutex wait per request", seen, seen.Counter("contended"), operations,
			1e6*seen.MetricPerRequest("/sync/mutex/wait/total:seconds"))
		return seen.Counter("contended")
	}
	if blocked := contended("rwmutex", "0"); blocked != 0 {
		t.Errorf("%d readers waited for readers", blocked)
	}
	if blocked := contended("syncmap", "100"); blocked != 0 {
		t.Errorf("%d operations waited for a lock that is not there", blocked)
	}
	few, many := contended("rwmutex", "10"), contended("rwmutex", "500")
	if few == 0 || many < 2*few {
		t.Errorf("%d contended with 1 %% writes, %d with 50 %%", few, many)
	}
	if exclusive := contended("mutex", "0"); exclusive < operations/2 {
		t.Errorf("%d of %d reads contended behind a Mutex", exclusive, operations)
	}
}

func TestStoresCountEveryWrite(t *testing.T) {
	for _, kind := range []string{"mutex", "rwmutex", "syncmap"} {
		store := newStore(kind, 4, during{})
		var writers sync.WaitGroup
		for writer := 0; writer < 8; writer++ {
			writers.Add(1)
			go func() {
				defer writers.Done()
				for i := 0; i < 100; i++ {
					store.write(i % 4)
				}
			}()
		}
		writers.Wait()
		for key := 0; key < 4; key++ {
			if writes := store.read(key); writes != 200 {
				t.Errorf("%s: key %d counts %d writes, want 200", kind, key, writes)
			}
		}
	}
}
