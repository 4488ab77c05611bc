// Package observe runs a target as a real process under one setting, sends it a fixed number of
// requests and says what its counters did. It serves the tests that hold each target to what its
// README claims: the directions, on counters that do not depend on the machine's speed.
//
// Main functions: [Main], [Run], [CheckTargetFile]. Deliberately absent: any measurement of time.
// QPS and latency are gosweep's business; a test that asserts a duration proves nothing.
package observe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// childMark in the environment turns a test binary into the target whose package it tests, so the
// tests need no build step and cannot run a stale binary.
const childMark = "GOSWEEP_TARGET_UNDER_TEST"

// Main is a target's TestMain: target is its main function.
func Main(m *testing.M, target func()) {
	if os.Getenv(childMark) != "" {
		target()
		return
	}
	os.Exit(m.Run())
}

// Setting is one way to run a target.
type Setting struct {
	Options     []string // arguments after -addr and -admin
	Env         []string // KEY=value; runtime settings of the tests' own environment are removed
	Path        string   // of the request
	Requests    int      // how many are sent in all
	Connections int      // how many are in flight; 0 means 8
	TLS         bool
	AfterLoad   func(*Process) // runs before the second reading, for example to wait or to force a GC
}

// Observation is what one run under a setting left behind.
type Observation struct {
	t        *testing.T
	setting  Setting
	before   reading
	after    reading
	Requests int
}

// reading is one look at a process.
type reading struct {
	metrics  map[string]metric
	counters map[string]int64
	threads  int
	switches int // voluntary context switches, over all live threads
}

type metric struct {
	Kind  string
	Value float64
}

// Process is a target that runs.
type Process struct {
	t       *testing.T
	command *exec.Cmd
	stderr  bytes.Buffer
	stdout  bytes.Buffer
	client  *http.Client
	base    string
	admin   string
}

// Run launches the target under setting, loads it and ends it, and logs the setting.
func Run(t *testing.T, setting Setting) Observation {
	t.Helper()
	if setting.Connections == 0 {
		setting.Connections = 8
	}
	process := launch(t, setting)
	seen := Observation{t: t, setting: setting, Requests: setting.Requests, before: process.read()}
	process.load(setting)
	if setting.AfterLoad != nil {
		setting.AfterLoad(process)
	}
	seen.after = process.read()
	process.stop()
	return seen
}

// String names the setting: its environment, then its options.
func (seen Observation) String() string {
	return strings.TrimSpace(strings.Join(append(append([]string{}, seen.setting.Env...), seen.setting.Options...), " "))
}

// Metric is the value of a runtime metric at the end.
func (seen Observation) Metric(name string) float64 {
	seen.t.Helper()
	value, ok := seen.after.metrics[name]
	if !ok {
		seen.t.Fatalf("no metric %s in this Go version", name)
	}
	return value.Value
}

// MetricPerRequest is by how much a runtime metric rose, per request.
func (seen Observation) MetricPerRequest(name string) float64 {
	seen.t.Helper()
	return (seen.Metric(name) - seen.before.metrics[name].Value) / float64(seen.Requests)
}

// Counter is by how much one of the target's own counters rose.
func (seen Observation) Counter(name string) int64 {
	seen.t.Helper()
	value, ok := seen.after.counters[name]
	if !ok {
		seen.t.Fatalf("target has no counter %s", name)
	}
	return value - seen.before.counters[name]
}

// Threads is the number of OS threads at the end; Go's runtime hardly ever ends one.
func (seen Observation) Threads() int { return seen.after.threads }

// SwitchesPerRequest is how often a thread of the target gave up its CPU to wait, per request.
func (seen Observation) SwitchesPerRequest() float64 {
	return float64(seen.after.switches-seen.before.switches) / float64(seen.Requests)
}

// GCPerThousand is the number of collections per 1,000 requests, without those that a test forced.
func (seen Observation) GCPerThousand() float64 {
	seen.t.Helper()
	return 1000 * seen.MetricPerRequest("/gc/cycles/automatic:gc-cycles")
}

func launch(t *testing.T, setting Setting) *Process {
	t.Helper()
	process := &Process{t: t, admin: "http://" + freeAddress(t)}
	address := freeAddress(t)
	scheme := "http://"
	if setting.TLS {
		scheme = "https://"
	}
	process.base = scheme + address
	arguments := append([]string{"-addr", address, "-admin", strings.TrimPrefix(process.admin, "http://")}, setting.Options...)
	process.command = exec.Command(os.Args[0], arguments...)
	process.command.Env = append(cleanEnvironment(), setting.Env...)
	process.command.Stderr = &process.stderr
	process.command.Stdout = &process.stdout
	process.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := process.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { process.command.Process.Kill() })
	process.awaitReady()
	process.client = process.newClient(setting)
	return process
}

// newClient trusts the certificate that the target's admin listener hands out, and no other.
func (process *Process) newClient(setting Setting) *http.Client {
	process.t.Helper()
	transport := &http.Transport{
		MaxIdleConnsPerHost: setting.Connections,
		MaxConnsPerHost:     setting.Connections,
		ForceAttemptHTTP2:   true,
	}
	if setting.TLS {
		roots := x509.NewCertPool()
		if certificate := process.fetch("/certificate"); !roots.AppendCertsFromPEM(certificate) {
			process.t.Fatalf("no certificate in %q", certificate)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return &http.Client{Timeout: time.Minute, Transport: transport}
}

// cleanEnvironment leaves out every variable that configures a Go runtime.
func cleanEnvironment() []string {
	environment := []string{childMark + "=1"}
	for _, variable := range os.Environ() {
		switch key, _, _ := strings.Cut(variable, "="); key {
		case "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK":
		default:
			environment = append(environment, variable)
		}
	}
	return environment
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func (process *Process) awaitReady() {
	process.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		response, err := http.Get(process.admin + "/ready")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	process.command.Process.Kill()
	process.command.Wait()
	process.t.Fatalf("target not ready within a minute; stderr:\n%s", &process.stderr)
}

// load sends the setting's requests over its connections. Anything but 200 ends the test. The first
// request goes alone, so that an HTTP/2 connection is there for the others to share: Go's client
// opens one for each of them otherwise.
func (process *Process) load(setting Setting) {
	process.t.Helper()
	if status, _, err := process.get(setting.Path); err != nil || status != http.StatusOK {
		process.t.Fatalf("GET %s: status %d: %v", setting.Path, status, err)
	}
	setting.Requests--
	var senders sync.WaitGroup
	failures := make(chan error, setting.Connections)
	for connection := 0; connection < setting.Connections; connection++ {
		share := setting.Requests / setting.Connections
		if connection < setting.Requests%setting.Connections {
			share++
		}
		senders.Add(1)
		go func() {
			defer senders.Done()
			for ; share > 0; share-- {
				if status, _, err := process.get(setting.Path); err != nil || status != http.StatusOK {
					failures <- fmt.Errorf("GET %s: status %d: %v", setting.Path, status, err)
					return
				}
			}
		}()
	}
	senders.Wait()
	close(failures)
	for err := range failures {
		process.t.Fatal(err)
	}
}

func (process *Process) get(path string) (status, length int, err error) {
	response, err := process.client.Get(process.base + path)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	copied, err := io.Copy(io.Discard, response.Body)
	return response.StatusCode, int(copied), err
}

// ForceGC runs one collection in the target, so that live heap figures are of one moment.
func (process *Process) ForceGC() {
	process.t.Helper()
	response, err := http.Post(process.admin+"/gc", "", nil)
	if err != nil {
		process.t.Fatal(err)
	}
	response.Body.Close()
}

// AwaitCounter waits until one of the target's own counters has reached count. It returns after a
// minute all the same; the test's own check then says what is missing.
func (process *Process) AwaitCounter(name string, count int64) {
	process.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var counters map[string]int64
		if process.getJSON("/counters", &counters); counters[name] >= count {
			return
		}
	}
}

func (process *Process) read() reading {
	process.t.Helper()
	var answer struct {
		Metrics map[string]json.RawMessage
	}
	process.getJSON("/metrics", &answer)
	now := reading{metrics: map[string]metric{}}
	for name, text := range answer.Metrics {
		var value metric
		if json.Unmarshal(text, &value) == nil && value.Kind != "histogram" {
			now.metrics[name] = value
		}
	}
	process.getJSON("/counters", &now.counters)
	now.threads, now.switches = process.readThreads()
	return now
}

func (process *Process) getJSON(path string, into any) {
	process.t.Helper()
	if err := json.Unmarshal(process.fetch(path), into); err != nil {
		process.t.Fatalf("GET %s: %v", path, err)
	}
}

// fetch asks the admin listener.
func (process *Process) fetch(path string) []byte {
	process.t.Helper()
	response, err := http.Get(process.admin + path)
	if err != nil {
		process.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		process.t.Fatalf("GET %s: status %d, %v: %s", path, response.StatusCode, err, body)
	}
	return body
}

func (process *Process) readThreads() (threads, voluntarySwitches int) {
	process.t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", process.command.Process.Pid))
	if err != nil || len(files) == 0 {
		process.t.Fatalf("no threads of the target under /proc: %v", err)
	}
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has just ended
		}
		threads++
		for _, line := range strings.Split(string(status), "\n") {
			if count, found := strings.CutPrefix(line, "voluntary_ctxt_switches:"); found {
				switches, _ := strconv.Atoi(strings.TrimSpace(count))
				voluntarySwitches += switches
			}
		}
	}
	return threads, voluntarySwitches
}

// stop ends the target as gosweep does and checks that it goes in good order and in silence.
func (process *Process) stop() {
	process.t.Helper()
	process.client.CloseIdleConnections()
	process.command.Process.Signal(syscall.SIGTERM)
	if err := process.command.Wait(); err != nil {
		process.t.Errorf("after SIGTERM: %v", err)
	}
	if process.stderr.Len() > 0 {
		process.t.Errorf("target wrote to stderr, where the runtime's trace lines belong:\n%s", &process.stderr)
	}
}
