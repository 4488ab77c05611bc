// Command workerpool hands the jobs of each request to a fixed pool of workers through one
// channel and collects the results through another: the shape of a pipeline stage.
package main

import (
	"net/http"
	"sync/atomic"

	"gosweep.dev/targets/internal/probe"
	"gosweep.dev/targets/internal/work"
)

// job is one piece of a request; its result goes to done.
type job struct {
	iterations int
	done       chan<- struct{}
}

// pool counts what passes through it.
type pool struct {
	jobs    chan job
	sent    atomic.Int64
	blocked atomic.Int64 // sends that found no room in the queue and no worker waiting
}

func main() {
	target := probe.New("workerpool", "jobs through a channel to a fixed pool of workers")
	workers := target.Int("workers", 8, 1, 100_000, "goroutines that take jobs")
	queue := target.Int("queue", 0, 0, 10_000_000, "room in the channel between handlers and workers")
	jobs := target.Int("jobs", 16, 1, 100_000, "jobs per request")
	iterations := target.Int("job-work", 200, 0, 1_000_000_000, "loop iterations per job")
	target.Main(func() (probe.Service, error) {
		pool := startPool(*workers, *queue)
		return probe.Service{
			Handler: pool.submit(*jobs, *iterations),
			Counters: func() map[string]int64 {
				return map[string]int64{"jobs": pool.sent.Load(), "blocked_sends": pool.blocked.Load()}
			},
		}, nil
	})
}

func startPool(workers, queue int) *pool {
	pool := &pool{jobs: make(chan job, queue)}
	for worker := 0; worker < workers; worker++ {
		go func() {
			for job := range pool.jobs {
				work.Burn(job.iterations)
				job.done <- struct{}{}
			}
		}()
	}
	return pool
}

func (pool *pool) submit(jobs, iterations int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		done := make(chan struct{}, jobs) // room for all, so that no worker ever waits for a handler
		blocked := int64(0)
		for i := 0; i < jobs; i++ {
			job := job{iterations: iterations, done: done}
			select {
			case pool.jobs <- job:
			default:
				blocked++
				pool.jobs <- job
			}
		}
		for i := 0; i < jobs; i++ {
			<-done
		}
		pool.sent.Add(int64(jobs))
		pool.blocked.Add(blocked)
		probe.Reply(w, "text/plain", []byte("done\n"))
	}
}
