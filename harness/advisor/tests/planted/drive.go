package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

func drive(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("drive takes URL RATE CONNECTIONS SECONDS")
	}
	numbers := make([]int, 3)
	for at, text := range args[1:] {
		number, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		numbers[at] = number
	}
	answered, mean := load(args[0], numbers[0], numbers[1], time.Duration(numbers[2])*time.Second)
	fmt.Printf("%d answered, mean %v\n", answered, mean)
	return nil
}

// load sends requests at a rate, or as fast as they are answered, and returns how many were answered with their mean
// response time.
func load(url string, rate, connections int, length time.Duration) (int, time.Duration) {
	client := &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: connections},
		Timeout:   length + 10*time.Second,
	}
	end := time.Now().Add(length)
	due := make(chan time.Time, 100_000)
	go func() {
		defer close(due)
		for at := time.Now(); at.Before(end); {
			if rate == 0 {
				due <- time.Now()
				at = time.Now()
				continue
			}
			time.Sleep(time.Until(at))
			select {
			case due <- at:
			default: // Far behind: the queue is full.
			}
			at = at.Add(time.Second / time.Duration(rate))
		}
	}()
	var lock sync.Mutex
	var all sync.WaitGroup
	answered, sum := 0, time.Duration(0)
	for range make([]struct{}, connections) {
		all.Add(1)
		go func() {
			defer all.Done()
			for at := range due {
				if time.Now().After(end) {
					continue
				}
				if rate == 0 {
					at = time.Now() // A closed loop has no due times.
				}
				response, err := client.Get(url)
				if err != nil {
					continue
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				took := time.Since(at)
				lock.Lock()
				answered, sum = answered+1, sum+took
				lock.Unlock()
			}
		}()
	}
	all.Wait()
	if answered == 0 {
		return 0, 0
	}
	return answered, sum / time.Duration(answered)
}
