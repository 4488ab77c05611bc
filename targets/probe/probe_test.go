package probe

import (
	"encoding/json"
	"net/http"
	"os"
	"runtime"
	"testing"
)

func ask(t *testing.T, admin *Admin, path, token string) *http.Response {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+admin.Address()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func TestServeAnswersTheContractToWhoShowsTheToken(t *testing.T) {
	t.Setenv(TokenVariable, "secret")
	ready := false
	admin, err := Serve("127.0.0.1:0", Options{
		Name:     "shop",
		Ready:    func() bool { return ready },
		Counters: func() map[string]int64 { return map[string]int64{"orders": 3} },
		Values:   func() map[string]any { return map[string]any{"shards": 4} },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if left := os.Getenv(TokenVariable); left != "" {
		t.Errorf("children would get the token %q", left)
	}
	if answer := ask(t, admin, "/info", "other"); answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("another token: status %d", answer.StatusCode)
	}
	if answer := ask(t, admin, "/ready", "secret"); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("not ready: status %d", answer.StatusCode)
	}
	ready = true
	for _, path := range []string{"/ready", "/metrics", "/counters", "/debug/pprof/heap"} {
		if answer := ask(t, admin, path, "secret"); answer.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", path, answer.StatusCode)
		}
	}
	var told struct {
		Name      string         `json:"name"`
		GoVersion string         `json:"go_version"`
		Options   map[string]int `json:"options"`
	}
	if err := json.NewDecoder(ask(t, admin, "/info", "secret").Body).Decode(&told); err != nil {
		t.Fatal(err)
	}
	if told.Name != "shop" || told.GoVersion != runtime.Version() || told.Options["shards"] != 4 {
		t.Errorf("info is %+v", told)
	}
}

func TestWithoutAddressNothingIsServed(t *testing.T) {
	admin, err := Serve("", Options{})
	if err != nil || admin.Address() != "" || admin.Close() != nil {
		t.Errorf("address %q, error %v", admin.Address(), err)
	}
}

func TestOnlyLoopbackIsServed(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "localhost:0", "192.0.2.1:80", "127.0.0.1", "127.0.0.1:x"} {
		if admin, err := Serve(address, Options{}); err == nil {
			admin.Close()
			t.Errorf("%s is served", address)
		}
	}
}
