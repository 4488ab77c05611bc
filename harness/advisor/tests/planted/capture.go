package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A case is one capture: a problem, a Go, settings and a load.
type captured struct {
	name        string
	problem     string
	toolchain   string
	env         []string
	profiles    bool
	rate        int
	connections int
}

const (
	go121 = "go1.21.13"
	go126 = "go1.26.11"
	go127 = "go1.27.3"
)

var captures = []captured{
	{name: "healthy-200", problem: "healthy", toolchain: go126, rate: 200, connections: 16},
	{name: "healthy-3000", problem: "healthy", toolchain: go126, rate: 3000, connections: 32},
	{name: "healthy-saturated", problem: "healthy", toolchain: go126, rate: 0, connections: 32},
	{name: "leak-go1.21", problem: "leak", toolchain: go121, rate: 100, connections: 16},
	{name: "leak", problem: "leak", toolchain: go126, rate: 100, connections: 16},
	{name: "leak-go1.27", problem: "leak", toolchain: go127, rate: 100, connections: 16},
	{name: "mutex", problem: "mutex", toolchain: go126, rate: 250, connections: 20},
	{name: "mutex-profiles", problem: "mutex", toolchain: go126, profiles: true, rate: 250, connections: 20},
	{name: "rwmutex", problem: "rwmutex", toolchain: go126, rate: 500, connections: 32},
	{name: "channel", problem: "channel", toolchain: go126, profiles: true, rate: 250, connections: 28},
	{name: "timeafter", problem: "timeafter", toolchain: go126, rate: 1000, connections: 16},
	{name: "gogc", problem: "gogc", toolchain: go126, env: []string{"GOGC=10"}, rate: 500, connections: 16},
	{name: "limit", problem: "limit", toolchain: go126, env: []string{"GOMEMLIMIT=74MiB"}, rate: 500, connections: 16},
	{name: "smallobjects", problem: "smallobjects", toolchain: go127, env: []string{"GOGC=200"}, rate: 600, connections: 16},
	{name: "threads", problem: "threads", toolchain: go126, rate: 500, connections: 150},
	{name: "lockosthread", problem: "lockosthread", toolchain: go126, rate: 300, connections: 16},
	{name: "preemptoff", problem: "preemptoff", toolchain: go126, env: []string{"asyncpreemptoff=1"}, rate: 40, connections: 8},
	{name: "forcedgc", problem: "forcedgc", toolchain: go126, rate: 80, connections: 16},
	{name: "frag", problem: "frag", toolchain: go126, rate: 200, connections: 16},
	{name: "finalizer", problem: "finalizer", toolchain: go126, rate: 1000, connections: 16},
}

const window = 6 * time.Second

// What `gosweep analyze --url` asks for, and when, as a share of the window.
type asked struct {
	endpoint, file string
	after          float64
	windowed       bool
}

var endpoints = []asked{
	{"profile", "cpu.pb.gz", 0, true},
	{"mutex", "mutex.pb.gz", 0, true},
	{"block", "block.pb.gz", 0, true},
	{"allocs", "allocs.pb.gz", 0, true},
	{"goroutine", "goroutine-1.pb.gz", 0, false},
	{"heap?debug=1", "heap-1.txt", 0, false},
	{"goroutine", "goroutine-2.pb.gz", 0.5, false},
	{"goroutine", "goroutine-3.pb.gz", 1, false},
	{"heap", "heap.pb.gz", 1, false},
	{"heap?debug=1", "heap-2.txt", 1, false},
	{"goroutineleak", "goroutineleak.pb.gz", 1.1, false},
}

func capture(folder string, wanted []string) error {
	for _, one := range captures {
		if len(wanted) > 0 && !strings.Contains(" "+strings.Join(wanted, " ")+" ", " "+one.name+" ") {
			continue
		}
		if err := one.take(filepath.Join(folder, one.name)); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
	}
	return nil
}

func (one captured) take(folder string) error {
	work, err := os.MkdirTemp("", "planted")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	binary := filepath.Join(work, "planted")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, ".")
	build.Env = append(os.Environ(), "GOTOOLCHAIN="+one.toolchain)
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	godebug := "GODEBUG=gctrace=1,schedtrace=100"
	env := append(os.Environ(), "GOMAXPROCS=2")
	for _, setting := range one.env {
		if strings.HasPrefix(setting, "GO") {
			env = append(env, setting)
		} else {
			godebug += "," + setting
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	args := []string{"serve", one.problem}
	if one.profiles {
		args = append(args, "-profiles")
	}
	service := exec.Command(binary, args...)
	service.Env = append(env, godebug)
	log, err := os.Create(filepath.Join(work, "stderr.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	service.Stderr = log
	stdout, err := service.StdoutPipe()
	if err != nil {
		return err
	}
	if err := service.Start(); err != nil {
		return err
	}
	defer func() { _ = service.Wait() }()
	defer func() { _ = service.Process.Kill() }()
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return err
	}
	base := "http://" + strings.TrimSpace(address)
	seconds := int(window/time.Second) + 5
	driver := exec.Command(binary, "drive", base+"/", strconv.Itoa(one.rate), strconv.Itoa(one.connections), strconv.Itoa(seconds))
	driver.Env = append(os.Environ(), "GOMAXPROCS=1")
	report := make(chan string, 1)
	go func() {
		text, err := driver.CombinedOutput()
		if err != nil {
			text = append(text, err.Error()...)
		}
		report <- strings.TrimSpace(string(text))
	}()
	time.Sleep(3 * time.Second)
	var all sync.WaitGroup
	for _, ask := range endpoints {
		all.Add(1)
		go func(ask asked) {
			defer all.Done()
			time.Sleep(time.Duration(ask.after * float64(window)))
			ask.take(base, folder)
		}(ask)
	}
	all.Wait()
	fmt.Printf("%s: %s\n", one.name, <-report)
	_ = service.Process.Kill()
	return compressed(filepath.Join(work, "stderr.log"), filepath.Join(folder, "stderr.log.gz"))
}

// take asks once; what the service does not serve is left out.
func (ask asked) take(base, folder string) {
	url := base + "/debug/pprof/" + ask.endpoint
	if ask.windowed {
		url += fmt.Sprintf("?seconds=%d", int(window/time.Second))
	}
	response, err := http.Get(url)
	if err != nil {
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return
	}
	if strings.HasSuffix(ask.file, ".txt") {
		// The statistics at the end; the records before them are those of the heap profile.
		if at := strings.Index(string(body), "\n# runtime.MemStats"); at >= 0 {
			head, _, _ := strings.Cut(string(body), "\n")
			body = []byte(head + "\n" + string(body[at:]))
		}
	}
	_ = os.WriteFile(filepath.Join(folder, ask.file), body, 0o644)
}

func compressed(from, to string) error {
	bytes, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	defer file.Close()
	writer, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := writer.Write(bytes); err != nil {
		return err
	}
	return writer.Close()
}
