// Command lockosthread passes jobs to workers that are locked to OS threads of their own, as a
// worker has to be that calls into a thread-bound library. Each hand-over then costs a switch of
// threads in the kernel where an unlocked goroutine would cost a switch in user space.
package main

import (
	"net/http"
	"runtime"
	"sync/atomic"

	"gosweep.dev/targets/internal/probe"
	"gosweep.dev/targets/internal/work"
)

// job is answered on done.
type job struct{ done chan<- struct{} }

func main() {
	target := probe.New("lockosthread", "workers locked to OS threads")
	lock := target.Int("lock", 1, 0, 1, "1: each worker calls runtime.LockOSThread; 0: none does")
	workers := target.Int("workers", 8, 1, 5_000, "goroutines that take jobs")
	jobs := target.Int("jobs", 2, 1, 100_000, "jobs per request, one after another")
	iterations := target.Int("job-work", 500, 0, 1_000_000_000, "loop iterations per job")
	target.Main(func() (probe.Service, error) {
		queue := make(chan job)
		for i := 0; i < *workers; i++ {
			go serveJobs(queue, *lock == 1, *iterations)
		}
		var done atomic.Int64
		return probe.Service{
			Handler:  submit(queue, *jobs, &done),
			Counters: func() map[string]int64 { return map[string]int64{"jobs": done.Load()} },
		}, nil
	})
}

func serveJobs(queue <-chan job, lock bool, iterations int) {
	if lock {
		runtime.LockOSThread()
	}
	for job := range queue {
		work.Burn(iterations)
		job.done <- struct{}{}
	}
}

func submit(queue chan<- job, jobs int, completed *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		done := make(chan struct{})
		for i := 0; i < jobs; i++ {
			queue <- job{done}
			<-done
		}
		completed.Add(int64(jobs))
		probe.Reply(w, "text/plain", []byte("done\n"))
	}
}
