// Command frag fragments its heap at the start: it fills spans with small objects and then lets go
// of most of each span. Go's collector never moves an object, so a span with one survivor stays,
// and only objects of that same size class can use its holes.
package main

import (
	"net/http"
	"runtime"

	"gosweep.dev/targets/internal/probe"
)

// objectBytes is a Go size class with 8 objects in its span of 8 KiB (runtime/sizeclasses.go).
const objectBytes = 1024

type object [objectBytes]byte

// pageBytes is larger than the holes that fragment leaves.
const pageBytes = 4096

// newPage is not inlined, or the page would be found not to escape and never reach the heap.
//
//go:noinline
func newPage() *[pageBytes]byte { return new([pageBytes]byte) }

func main() {
	target := probe.New("frag", "fragmented heap: spans kept by a few survivors")
	filled := target.Int("fill-mib", 128, 1, 1<<20, "MiB of 1 KiB objects allocated at the start")
	keepEvery := target.Int("keep-every", 8, 1, 1<<20, "one object of so many survives; 1 keeps all, 8 leaves one in each span")
	garbage := target.Int("garbage", 8, 0, 1_000_000, "short-lived objects of 4 KiB per request: too large for the holes")
	target.Main(func() (probe.Service, error) {
		survivors := fragment(*filled<<20/objectBytes, *keepEvery)
		return probe.Service{
			Handler:  serve(survivors, *garbage),
			Counters: func() map[string]int64 { return map[string]int64{"survivors": int64(len(survivors))} },
		}, nil
	})
}

// fragment allocates all objects before it lets go of any, or the later ones would fill the holes.
func fragment(count, keepEvery int) []*object {
	all := make([]*object, count)
	for i := range all {
		all[i] = new(object)
		all[i][0] = byte(i)
	}
	survivors := make([]*object, 0, count/keepEvery+1)
	for i := 0; i < count; i += keepEvery {
		survivors = append(survivors, all[i])
	}
	all = nil
	runtime.GC() // returns with everything swept
	return survivors
}

func serve(survivors []*object, garbage int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		kept := survivors[0][0]
		for i := 0; i < garbage; i++ {
			newPage()[i%pageBytes] = kept
		}
		probe.Reply(w, "text/plain", []byte("done\n"))
	}
}
