package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

// A handler serves one request of the planted problem; what it needs is made by the function that returns it.
var problems = map[string]func() func(){
	"healthy":      healthy,
	"leak":         leak,
	"mutex":        mutexOverSleep,
	"rwmutex":      readersBehindWriter,
	"channel":      channelToOneWorker,
	"timeafter":    forgottenTimers,
	"gogc":         allocateBesideLiveHeap,
	"limit":        allocateBesideLiveHeap,
	"smallobjects": smallObjects,
	"threads":      blockingCalls,
	"lockosthread": lockedThreads,
	"preemptoff":   loopsWithoutCalls,
	"forcedgc":     collectInEachRequest,
	"frag":         keepOneInEight,
	"finalizer":    slowFinalizers,
}

func serve(name string, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:0", "where to listen")
	profiles := flags.Bool("profiles", false, "record block and mutex profiles")
	if err := flags.Parse(args); err != nil {
		return err
	}
	make, ok := problems[name]
	if !ok {
		return fmt.Errorf("no problem is called %q", name)
	}
	if *profiles {
		runtime.SetBlockProfileRate(10_000)
		runtime.SetMutexProfileFraction(10)
	}
	handle := make()
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		handle()
		_, _ = w.Write([]byte("done\n"))
	})
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	_ = os.Stdout.Close()
	return http.Serve(listener, nil)
}

type row struct {
	ID   int      `json:"id"`
	Name string   `json:"name"`
	Tags []string `json:"tags"`
}

var sink any

// healthy answers with some JSON, as a service without a problem does.
func healthy() func() {
	var lock sync.Mutex
	served := 0
	return func() {
		lock.Lock()
		served++
		lock.Unlock()
		rows := make([]row, 0, 30)
		for id := 0; id < 30; id++ {
			rows = append(rows, row{ID: id, Name: "a row of the answer", Tags: []string{"one", "two"}})
		}
		encoded, _ := json.Marshal(rows)
		_ = len(encoded)
	}
}

func leak() func() {
	serve := healthy()
	return func() {
		serve()
		result := make(chan []byte) // unbuffered, and nobody receives
		go func() { result <- make([]byte, 1024) }()
	}
}

func mutexOverSleep() func() {
	var lock sync.Mutex
	return func() {
		lock.Lock()
		time.Sleep(5 * time.Millisecond)
		lock.Unlock()
	}
}

func readersBehindWriter() func() {
	var lock sync.RWMutex
	values := map[int]int{}
	go func() {
		for at := 0; ; at++ {
			lock.Lock()
			values[at%100] = at
			time.Sleep(80 * time.Millisecond)
			lock.Unlock()
			time.Sleep(time.Millisecond)
		}
	}()
	return func() {
		lock.RLock()
		_ = values[7]
		lock.RUnlock()
	}
}

func channelToOneWorker() func() {
	type job struct{ done chan struct{} }
	jobs := make(chan job)
	go func() {
		for job := range jobs {
			time.Sleep(5 * time.Millisecond)
			close(job.done)
		}
	}()
	return func() {
		job := job{done: make(chan struct{})}
		jobs <- job
		<-job.done
	}
}

func forgottenTimers() func() {
	ready := make(chan struct{})
	close(ready)
	return func() {
		for range [20]struct{}{} {
			select {
			case <-ready:
			case <-time.After(10 * time.Minute):
			}
		}
	}
}

type node struct {
	next    *node
	payload [6]uint64
}

func liveHeap(bytes int) *node {
	var first *node
	for made := 0; made < bytes; made += 56 + 8 {
		first = &node{next: first}
	}
	return first
}

func allocateBesideLiveHeap() func() {
	nodes := make([]*node, 16)
	for at := range nodes {
		nodes[at] = liveHeap(4 << 20)
	}
	return func() {
		for range [100]struct{}{} {
			sink = make([]*node, 128)
		}
		runtime.KeepAlive(nodes)
	}
}

func smallObjects() func() {
	ballast := make([]byte, 64<<20)
	return func() {
		var first *node
		for range [10_000]struct{}{} {
			first = &node{}
			sink = first
			sink = new([3]uint64)
		}
		runtime.KeepAlive(ballast)
	}
}

// blockingCalls holds a thread for each request: a call into the kernel that the netpoller does not know.
func blockingCalls() func() {
	return func() {
		wait := syscall.NsecToTimespec((300 * time.Millisecond).Nanoseconds())
		_ = syscall.Nanosleep(&wait, nil)
	}
}

// lockedThreads hands over to a goroutine that is locked to its thread: each hand-over is a switch of threads.
func lockedThreads() func() {
	type job struct{ done chan struct{} }
	jobs := make(chan job)
	for range [4]struct{}{} {
		go func() {
			runtime.LockOSThread()
			for job := range jobs {
				job.done <- struct{}{}
			}
		}()
	}
	return func() {
		job := job{done: make(chan struct{})}
		for range [100]struct{}{} {
			jobs <- job
			<-job.done
		}
	}
}

func loopsWithoutCalls() func() {
	live := liveHeap(1 << 20)
	return func() {
		sum := 0
		for at := 0; at < 30_000_000; at++ {
			sum += at ^ sum
		}
		sink = sum
		for range [200]struct{}{} {
			sink = make([]byte, 4096)
		}
		runtime.KeepAlive(live)
	}
}

func collectInEachRequest() func() {
	serve := healthy()
	live := liveHeap(8 << 20)
	return func() {
		serve()
		runtime.GC()
		runtime.KeepAlive(live)
	}
}

// keepOneInEight leaves one object in eight in every span of their size.
func keepOneInEight() func() {
	serve := healthy()
	all := make([][]byte, 0, 1<<20)
	for len(all) < 1<<20 {
		all = append(all, make([]byte, 208))
	}
	kept := make([][]byte, 0, 1<<17)
	for at := 0; at < len(all); at += 8 {
		kept = append(kept, all[at])
	}
	all = nil
	runtime.GC()
	debug.FreeOSMemory()
	return func() {
		serve()
		runtime.KeepAlive(kept)
	}
}

type handle struct{ buffer [4096]byte }

func slowFinalizers() func() {
	return func() {
		own := &handle{}
		runtime.SetFinalizer(own, closeHandle)
		sink = make([]byte, 4096)
	}
}

// closeHandle takes long, as closing what sits behind a network does.
func closeHandle(own *handle) {
	time.Sleep(20 * time.Millisecond)
	own.buffer[0] = 1
}
