package main

import (
	"runtime"
	"sync"
	"sync/atomic"

	"gosweep.dev/targets/internal/work"
)

// store is the shared map. Each value counts the writes of its key.
type store interface {
	read(key int) int
	write(key int)
	contended() int64 // operations that found the lock taken; 0 where there is no lock
}

// during is the work done with the lock held.
type during struct {
	iterations int
	yield      bool
}

func (during during) run() {
	work.Burn(during.iterations)
	during.maybeYield()
}

// maybeYield lets others run. Called once more after the lock is released: otherwise the same
// goroutine takes it again at once, and nobody is seen to contend.
func (during during) maybeYield() {
	if during.yield {
		runtime.Gosched()
	}
}

func newStore(kind string, keys int, during during) store {
	values := make(map[int]int, keys)
	for key := 0; key < keys; key++ {
		values[key] = 0
	}
	switch kind {
	case "mutex":
		return &mutexStore{values: values, during: during}
	case "rwmutex":
		return &rwmutexStore{values: values, during: during}
	default:
		store := &syncMapStore{during: during}
		for key := range values {
			store.values.Store(key, new(atomic.Int64))
		}
		return store
	}
}

type mutexStore struct {
	mutex   sync.Mutex
	values  map[int]int
	during  during
	blocked atomic.Int64
}

func (store *mutexStore) lock() {
	if !store.mutex.TryLock() {
		store.blocked.Add(1)
		store.mutex.Lock()
	}
}

func (store *mutexStore) read(key int) int {
	defer store.during.maybeYield()
	store.lock()
	defer store.mutex.Unlock()
	store.during.run()
	return store.values[key]
}

func (store *mutexStore) write(key int) {
	defer store.during.maybeYield()
	store.lock()
	defer store.mutex.Unlock()
	store.during.run()
	store.values[key]++
}

func (store *mutexStore) contended() int64 { return store.blocked.Load() }

type rwmutexStore struct {
	mutex   sync.RWMutex
	values  map[int]int
	during  during
	blocked atomic.Int64
}

func (store *rwmutexStore) read(key int) int {
	defer store.during.maybeYield()
	if !store.mutex.TryRLock() {
		store.blocked.Add(1)
		store.mutex.RLock()
	}
	defer store.mutex.RUnlock()
	store.during.run()
	return store.values[key]
}

func (store *rwmutexStore) write(key int) {
	defer store.during.maybeYield()
	if !store.mutex.TryLock() {
		store.blocked.Add(1)
		store.mutex.Lock()
	}
	defer store.mutex.Unlock()
	store.during.run()
	store.values[key]++
}

func (store *rwmutexStore) contended() int64 { return store.blocked.Load() }

type syncMapStore struct {
	values sync.Map // int to *atomic.Int64
	during during
}

func (store *syncMapStore) read(key int) int {
	defer store.during.maybeYield()
	store.during.run()
	value, _ := store.values.Load(key)
	return int(value.(*atomic.Int64).Load())
}

func (store *syncMapStore) write(key int) {
	defer store.during.maybeYield()
	store.during.run()
	value, _ := store.values.Load(key)
	value.(*atomic.Int64).Add(1)
}

func (store *syncMapStore) contended() int64 { return 0 }
