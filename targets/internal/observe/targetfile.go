package observe

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The few lines of target.yaml that the tests need, in the one-line style that every target here
// uses. gosweep reads the whole format; this is no YAML parser and fails on any other style.
var (
	nameLine    = regexp.MustCompile(`(?m)^name: (\S+)$`)
	commandLine = regexp.MustCompile(`(?m)^command: \[(.+)\]$`)
	optionLine  = regexp.MustCompile(`(?m)^  ([a-z0-9-]+): \{default: ([^,}]+), why: [^}]+\}$`)
	requestLine = regexp.MustCompile(`(?m)^  - \{name: \S+, path: (\S+), weight: \d+, expect: \{status: (\d+), length: (\d+)\}\}$`)
)

// CheckTargetFile runs the target in the current folder exactly as its target.yaml says, with
// every option at its default, and checks that each request gets the status and length expected.
func CheckTargetFile(t *testing.T, useTLS bool) {
	t.Helper()
	content, err := os.ReadFile("target.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	if name := nameLine.FindStringSubmatch(text); name == nil || name[1] != filepath.Base(folder) {
		t.Errorf("name in target.yaml is %v, the folder is %s", name, filepath.Base(folder))
	}
	if !strings.Contains(text, "\nbuild: {package: ./"+filepath.Base(folder)+"}\n") {
		t.Error("build in target.yaml is not this folder")
	}
	process := launch(t, Setting{Options: defaultArguments(t, text), Connections: 1, TLS: useTLS})
	requests := requestLine.FindAllStringSubmatch(text, -1)
	if listed := strings.Count(text, "\n  - {name: "); len(requests) == 0 || len(requests) != listed {
		t.Fatalf("read %d of %d requests of target.yaml", len(requests), listed)
	}
	for _, request := range requests {
		for attempt := 0; attempt < 3; attempt++ { // the same bytes every time
			status, length, err := process.get(request[1])
			if err != nil || strconv.Itoa(status) != request[2] || strconv.Itoa(length) != request[3] {
				t.Errorf("GET %s: status %d, length %d, %v; target.yaml expects %s, %s", request[1], status, length, err, request[2], request[3])
			}
		}
	}
	process.stop()
}

// defaultArguments is the command of target.yaml without -addr and -admin, options filled in.
func defaultArguments(t *testing.T, text string) []string {
	t.Helper()
	command := commandLine.FindStringSubmatch(text)
	if command == nil {
		t.Fatal("no command in target.yaml")
	}
	line := strings.ReplaceAll(command[1], `"`, "")
	rest, found := strings.CutPrefix(line, "-addr, {addr}, -admin, {admin}")
	if !found {
		t.Fatalf("command in target.yaml does not begin with the listeners: %s", line)
	}
	for _, option := range optionLine.FindAllStringSubmatch(text, -1) {
		filled := strings.ReplaceAll(rest, "{"+option[1]+"}", option[2])
		if filled == rest {
			t.Errorf("option %s is not used in the command", option[1])
		}
		rest = filled
	}
	if strings.Contains(rest, "{") {
		t.Errorf("command uses an option that is not listed: %s", rest)
	}
	return strings.FieldsFunc(rest, func(r rune) bool { return r == ',' || r == ' ' })
}
