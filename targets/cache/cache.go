package main

import "sync"

// bytesPerEntry is what one entry keeps alive: 48 bytes of entry, 80 of payload (both already in a
// Go size class) and 8 for its slot of the hash table. The test holds it to /gc/heap/live:bytes.
const bytesPerEntry = 48 + 80 + 8

// shardCount keeps locks out of the way: this target is about the heap.
const shardCount = 256

// cache maps the keys 0..entries-1, all of them always present. A lookup moves an entry to the
// newest end of its shard's list; a replace makes a new entry in the place of the old.
type cache struct {
	shards  [shardCount]shard
	entries uint64
}

type shard struct {
	mutex    sync.Mutex
	table    []*entry
	newest   *entry
	oldest   *entry
	lookups  int64
	replaces int64
	_        [128]byte // shards share no cache line, prefetched pair included
}

type entry struct {
	key     uint64
	chained *entry // next in the same slot of the table
	newer   *entry
	older   *entry
	payload *payload
}

type payload struct {
	owner *entry
	data  [64]byte
}

func newCache(liveBytes int) *cache {
	cache := &cache{entries: uint64(liveBytes / bytesPerEntry)}
	for i := range cache.shards {
		cache.shards[i].table = make([]*entry, cache.entries/shardCount+1)
	}
	for key := uint64(0); key < cache.entries; key++ {
		shard := cache.shardOf(key)
		shard.insert(newEntry(key))
	}
	return cache
}

func newEntry(key uint64) *entry {
	made := &entry{key: key, payload: &payload{}}
	made.payload.owner = made
	made.payload.data[0] = byte(key)
	return made
}

func (cache *cache) shardOf(key uint64) *shard { return &cache.shards[key%shardCount] }

// slot is the head of the chain that key belongs to.
func (shard *shard) slot(key uint64) **entry {
	return &shard.table[key*0x9e3779b97f4a7c15>>17%uint64(len(shard.table))]
}

// lookup reads the entry of any number, taken modulo the number of keys.
func (cache *cache) lookup(number uint64) uint64 {
	key := number % cache.entries
	shard := cache.shardOf(key)
	shard.mutex.Lock()
	defer shard.mutex.Unlock()
	shard.lookups++
	found := *shard.slot(key)
	for found.key != key {
		found = found.chained
	}
	shard.unlist(found)
	shard.list(found)
	return uint64(found.payload.data[0])
}

func (cache *cache) replace(number uint64) {
	key := number % cache.entries
	fresh := newEntry(key)
	shard := cache.shardOf(key)
	shard.mutex.Lock()
	defer shard.mutex.Unlock()
	shard.replaces++
	shard.remove(key)
	shard.insert(fresh)
}

func (shard *shard) insert(fresh *entry) {
	head := shard.slot(fresh.key)
	fresh.chained = *head
	*head = fresh
	shard.list(fresh)
}

func (shard *shard) remove(key uint64) {
	link := shard.slot(key)
	for (*link).key != key {
		link = &(*link).chained
	}
	old := *link
	*link = old.chained
	shard.unlist(old)
}

func (shard *shard) list(fresh *entry) {
	fresh.newer, fresh.older = nil, shard.newest
	if shard.newest != nil {
		shard.newest.newer = fresh
	} else {
		shard.oldest = fresh
	}
	shard.newest = fresh
}

func (shard *shard) unlist(old *entry) {
	if old.newer != nil {
		old.newer.older = old.older
	} else {
		shard.newest = old.older
	}
	if old.older != nil {
		old.older.newer = old.newer
	} else {
		shard.oldest = old.newer
	}
}

func (cache *cache) count() map[string]int64 {
	counts := map[string]int64{"entries": int64(cache.entries), "lookups": 0, "replaces": 0}
	for i := range cache.shards {
		shard := &cache.shards[i]
		shard.mutex.Lock()
		counts["lookups"] += shard.lookups
		counts["replaces"] += shard.replaces
		shard.mutex.Unlock()
	}
	return counts
}
