package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
)

// freeAddress asks the kernel for a port; another process could take it before it is used, which
// would fail the test loudly rather than pass it.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// running is a target under test, in this process.
type running struct {
	admin string
	addr  string
	stop  func() int // ends it and returns its exit code
}

// launch runs a target with arguments besides -addr and -admin and waits for the line that it
// prints once it is ready, or until it has ended.
func launch(t *testing.T, target *Target, addr string, start func() (Service, error), arguments ...string) running {
	t.Helper()
	admin := freeAddress(t)
	ctx, cancel := context.WithCancel(context.Background())
	stdout, lines := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		arguments = append([]string{"-addr", addr, "-admin", admin}, arguments...)
		ended <- target.run(ctx, arguments, start, lines, os.Stderr)
		lines.Close()
	}()
	if _, err := stdout.Read(make([]byte, 1024)); err != nil {
		t.Fatalf("target ended before it was ready, exit code %d", <-ended)
	}
	go io.Copy(io.Discard, stdout)
	stop := func() int {
		cancel()
		code := <-ended
		ended <- code
		return code
	}
	t.Cleanup(func() { stop() })
	return running{admin: admin, addr: addr, stop: stop}
}

func hello() (Service, error) {
	return Service{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		Reply(w, "text/plain", []byte("hello"))
	})}, nil
}

func get(t *testing.T, url string) (int, []byte) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

func getJSON(t *testing.T, url string, into any) {
	t.Helper()
	status, body := get(t, url)
	if status != http.StatusOK {
		t.Fatalf("GET %s: status %d: %s", url, status, body)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("GET %s: %v in %s", url, err, body)
	}
}

type metricsAnswer struct {
	GoVersion   string                     `json:"go_version"`
	TakenUnixNs int64                      `json:"taken_unix_ns"`
	Metrics     map[string]json.RawMessage `json:"metrics"`
}

func TestMetricsHoldsEveryNameOfThisGo(t *testing.T) {
	target := launch(t, New("test", "test"), freeAddress(t), hello)
	var answer metricsAnswer
	getJSON(t, "http://"+target.admin+"/metrics", &answer)
	if answer.GoVersion != runtime.Version() || answer.TakenUnixNs == 0 {
		t.Errorf("head is %q, %d", answer.GoVersion, answer.TakenUnixNs)
	}
	kinds := map[metrics.ValueKind]string{
		metrics.KindUint64: "uint64", metrics.KindFloat64: "float64", metrics.KindFloat64Histogram: "histogram",
	}
	for _, description := range metrics.All() {
		var value struct {
			Kind    string
			Value   *json.Number
			Counts  []json.Number
			Buckets []any
		}
		if err := json.Unmarshal(answer.Metrics[description.Name], &value); err != nil {
			t.Errorf("%s: %v", description.Name, err)
			continue
		}
		if want := kinds[description.Kind]; value.Kind != want {
			t.Errorf("%s: kind %q, want %q", description.Name, value.Kind, want)
		}
		if isHistogram := value.Kind == "histogram"; isHistogram == (value.Value != nil) {
			t.Errorf("%s: a %s with value %v", description.Name, value.Kind, value.Value)
		} else if isHistogram && len(value.Buckets) != len(value.Counts)+1 {
			t.Errorf("%s: %d counts between %d bounds", description.Name, len(value.Counts), len(value.Buckets))
		}
	}
	if len(answer.Metrics) != len(metrics.All()) {
		t.Errorf("%d metrics in the answer, runtime has %d", len(answer.Metrics), len(metrics.All()))
	}
}

func TestReadyOnlyOnceServing(t *testing.T) {
	admin, addr := freeAddress(t), freeAddress(t)
	target := New("test", "test")
	ctx, cancel := context.WithCancel(context.Background())
	starting, mayFinish := make(chan struct{}), make(chan struct{})
	ended := make(chan int, 1)
	stdout, lines := io.Pipe()
	go func() {
		ended <- target.run(ctx, []string{"-addr", addr, "-admin", admin}, func() (Service, error) {
			close(starting)
			<-mayFinish
			return hello()
		}, lines, os.Stderr)
	}()
	<-starting
	if status, _ := get(t, "http://"+admin+"/ready"); status != http.StatusServiceUnavailable {
		t.Errorf("while starting: status %d, want 503", status)
	}
	close(mayFinish)
	stdout.Read(make([]byte, 1024)) // the "listening" line
	if status, body := get(t, "http://"+admin+"/ready"); status != http.StatusOK || strings.TrimSpace(string(body)) != "ok" {
		t.Errorf("once serving: %d %q, want 200 ok", status, body)
	}
	if status, body := get(t, "http://"+addr+"/"); status != http.StatusOK || string(body) != "hello" {
		t.Errorf("service: %d %q", status, body)
	}
	cancel()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d after a stop, want 0", code)
	}
}

func TestStopDuringStart(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	never := make(chan struct{})
	code := New("test", "test").run(ctx, []string{"-addr", freeAddress(t)}, func() (Service, error) {
		cancel()
		<-never
		return Service{}, nil
	}, io.Discard, os.Stderr)
	if code != exitOK {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "service")
	launch(t, New("test", "test"), "unix:"+path, hello)
	client := http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) },
	}}
	response, err := client.Get("http://target/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	defer client.CloseIdleConnections()
	if body, _ := io.ReadAll(response.Body); string(body) != "hello" {
		t.Errorf("body %q", body)
	}
}

func TestAdminOnlyOnLoopback(t *testing.T) {
	for address, allowed := range map[string]bool{
		"": true, "127.0.0.1:9000": true, "127.8.9.1:9000": true, "[::1]:9000": true,
		":9000": false, "0.0.0.0:9000": false, "[::]:9000": false, "192.0.2.1:9000": false,
		"example.org:9000": false, "localhost:9000": false, "127.0.0.1": false,
	} {
		if err := checkAdmin(address); (err == nil) != allowed {
			t.Errorf("-admin %q: %v", address, err)
		}
	}
}

func TestBadFlagsAreUsageErrors(t *testing.T) {
	for _, bad := range []struct{ arguments, message string }{
		{"-items 0", `invalid value "0" for flag -items: want a whole number from 1 to 10`},
		{"-items many", `invalid value "many" for flag -items`},
		{"-kind yellow", `invalid value "yellow" for flag -kind: want one of red, green`},
		{"-itmes 3", "flag provided but not defined: -itmes"},
		{"-admin 0.0.0.0:1", "may only be on a loopback IP"},
		{"-admin 127.0.0.1", "missing port in address"},
		{"-addr 127.0.0.1:99999", `port "99999" is not a number from 0 to 65535`},
		{"-addr unix:", "a path has to follow unix:"},
		{"-mutexprofile -1", "-mutexprofile"},
		{"serve", `unexpected argument "serve"`},
	} {
		target := New("test", "test")
		target.Int("items", 5, 1, 10, "rows")
		target.Choice("kind", "colour", "red", "green")
		var stderr strings.Builder
		code := target.run(context.Background(), strings.Fields(bad.arguments), hello, io.Discard, &stderr)
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		if code != exitUsage || !strings.Contains(lines[len(lines)-1], bad.message) || !strings.Contains(stderr.String(), "usage: test") {
			t.Errorf("%s: exit code %d, stderr:\n%s", bad.arguments, code, &stderr)
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	var stderr strings.Builder
	code := New("test", "a test").run(context.Background(), []string{"-h"}, hello, io.Discard, &stderr)
	if code != exitOK || !strings.Contains(stderr.String(), "usage: test") || !strings.Contains(stderr.String(), "-burn") {
		t.Errorf("exit code %d, stderr:\n%s", code, &stderr)
	}
}

func TestFailureToStartIsNotAUsageError(t *testing.T) {
	var stderr strings.Builder
	code := New("test", "test").run(context.Background(), []string{"-addr", freeAddress(t)}, func() (Service, error) {
		return Service{}, errors.New("no disk")
	}, io.Discard, &stderr)
	if code != exitFailed || stderr.String() != "test: no disk\n" {
		t.Errorf("exit code %d, stderr %q", code, &stderr)
	}
}

func TestInfoReadsBackWhatRuns(t *testing.T) {
	t.Setenv("GODEBUG", "madvdontneed=1")
	before := debug.SetGCPercent(123)
	defer debug.SetGCPercent(before)
	target := New("test", "test")
	target.Int("items", 5, 1, 10, "rows")
	target.Choice("kind", "colour", "red", "green")
	launched := launch(t, target, freeAddress(t), hello, "-items", "7", "-mutexprofile", "9", "-blockprofile", "1000")
	t.Cleanup(func() { runtime.SetMutexProfileFraction(0); runtime.SetBlockProfileRate(0) })

	var answer map[string]any
	getJSON(t, "http://"+launched.admin+"/info", &answer)
	for key, want := range map[string]any{
		"name": "test", "go_version": runtime.Version(), "gomaxprocs": runtime.GOMAXPROCS(0), "num_cpu": runtime.NumCPU(),
		"pid": os.Getpid(), "gogc": 123, "gomemlimit_bytes": int64(math.MaxInt64), "godebug": "madvdontneed=1",
		"mutex_profile_fraction": 9, "block_profile_rate_ns": 1000,
	} {
		if fmt.Sprint(answer[key]) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", key, answer[key], want)
		}
	}
	if options := fmt.Sprint(answer["options"]); options != "map[burn:0 items:7 kind:red]" {
		t.Errorf("options are %s", options)
	}
	// A test binary of Go 1.21 carries no settings, so what is asked for is all that there are.
	build, _ := debug.ReadBuildInfo()
	settings := answer["build_settings"].(map[string]any)
	for _, setting := range build.Settings {
		if settings[setting.Key] != setting.Value {
			t.Errorf("build setting %s is %v, want %q", setting.Key, settings[setting.Key], setting.Value)
		}
	}
	if runtime.GOOS == "linux" && answer["cpus_allowed_list"] == "" {
		t.Error("no cpus_allowed_list")
	}

	debug.SetGCPercent(-1)
	getJSON(t, "http://"+launched.admin+"/info", &answer)
	if fmt.Sprint(answer["gogc"]) != "-1" {
		t.Errorf("gogc is %v when off, want -1", answer["gogc"])
	}
}

func TestCountersAndGC(t *testing.T) {
	target := launch(t, New("test", "test"), freeAddress(t), func() (Service, error) {
		service, err := hello()
		service.Counters = func() map[string]int64 { return map[string]int64{"jobs": math.MaxInt64} }
		return service, err
	})
	_, body := get(t, "http://"+target.admin+"/counters")
	if strings.TrimSpace(string(body)) != `{"jobs":9223372036854775807}` {
		t.Errorf("counters %s", body)
	}

	if status, _ := get(t, "http://"+target.admin+"/gc"); status != http.StatusMethodNotAllowed {
		t.Errorf("GET /gc: status %d, want 405", status)
	}
	var before, after debug.GCStats
	debug.ReadGCStats(&before)
	response, err := http.Post("http://"+target.admin+"/gc", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if debug.ReadGCStats(&after); after.NumGC <= before.NumGC {
		t.Errorf("%d cycles before POST /gc, %d after", before.NumGC, after.NumGC)
	}
}

func TestNoCountersIsAnEmptyMap(t *testing.T) {
	target := launch(t, New("test", "test"), freeAddress(t), hello)
	if _, body := get(t, "http://"+target.admin+"/counters"); strings.TrimSpace(string(body)) != "{}" {
		t.Errorf("counters %s", body)
	}
}

func TestNoCertificateWithoutTLS(t *testing.T) {
	target := launch(t, New("test", "test"), freeAddress(t), hello)
	if status, _ := get(t, "http://"+target.admin+"/certificate"); status != http.StatusNotFound {
		t.Errorf("status %d, want 404", status)
	}
}

func TestProfilesAreServed(t *testing.T) {
	target := launch(t, New("test", "test"), freeAddress(t), hello)
	for _, name := range []string{"", "heap", "allocs", "goroutine", "mutex", "block", "threadcreate", "cmdline", "symbol"} {
		if status, body := get(t, "http://"+target.admin+"/debug/pprof/"+name); status != http.StatusOK {
			t.Errorf("/debug/pprof/%s: status %d: %s", name, status, body)
		}
	}
}

func TestTheAdminListenerWantsItsToken(t *testing.T) {
	target := New("token", "test")
	target.adminToken = "secret"
	handler := target.adminHandler()
	for header, want := range map[string]int{
		"":               http.StatusUnauthorized,
		"Bearer other":   http.StatusUnauthorized,
		"secret":         http.StatusUnauthorized,
		"Bearer secret":  http.StatusOK,
		"Bearer secret ": http.StatusUnauthorized,
	} {
		for _, path := range []string{"/info", "/metrics", "/debug/pprof/heap"} {
			request := httptest.NewRequest(http.MethodGet, path, nil)
			request.Header.Set("Authorization", header)
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			if answer.Code != want {
				t.Errorf("%s with %q: status %d, want %d", path, header, answer.Code, want)
			}
		}
	}
}
