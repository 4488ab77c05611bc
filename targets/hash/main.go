// Command hash spends its time in SHA-256 and allocates next to nothing: work that only more CPU
// makes faster.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync/atomic"

	"gosweep.dev/targets/internal/probe"
)

func main() {
	target := probe.New("hash", "CPU-bound hashing; only cores move it")
	kib := target.Int("kib", 16, 1, 1<<20, "KiB hashed per request")
	target.Main(func() (probe.Service, error) {
		block := make([]byte, *kib<<10)
		for i := range block {
			block[i] = byte(i * 31)
		}
		var hashed atomic.Int64
		return probe.Service{
			Handler:  digest(block, &hashed),
			Counters: func() map[string]int64 { return map[string]int64{"hashed_bytes": hashed.Load()} },
		}, nil
	})
}

func digest(block []byte, hashed *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		sum := sha256.Sum256(block)
		hashed.Add(int64(len(block)))
		text := make([]byte, hex.EncodedLen(len(sum)), hex.EncodedLen(len(sum))+1)
		hex.Encode(text, sum[:])
		probe.Reply(w, "text/plain", append(text, '\n'))
	}
}
