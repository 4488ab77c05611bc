// Package probe gives every target the same outside: flags, a service listener, an admin listener
// that answers the contract of ../../README.md, and a clean end on SIGTERM. A target's main says
// only which options it has and what it serves:
//
//	target := probe.New("httpjson", "allocating JSON API")
//	items := target.Int("items", 50, 0, 100_000, "rows per response")
//	target.Main(func() (probe.Service, error) { return probe.Service{Handler: list(*items)}, nil })
//
// Main type: [Target]. Deliberately absent: anything per request (no request counter, no logging,
// no middleware unless -burn asks for one) because the probe must not move what is measured.
package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	contract "gosweep.dev/probe"
	"gosweep.dev/targets/internal/work"
)

// Exit codes of a target. A crash leaves Go's own 2 as well, but with a panic on stderr.
const (
	exitOK     = 0 // stopped by SIGTERM or SIGINT, or -h
	exitFailed = 1 // could not start, listen or serve
	exitUsage  = 2 // bad flag or option value
)

// shutdownGrace bounds how long requests in flight may take after SIGTERM.
const shutdownGrace = 2 * time.Second

// Target is one target program: its name, its flags, and what it reports about itself.
type Target struct {
	name  string
	about string
	flags *flag.FlagSet

	addr            string
	admin           string
	adminToken      string
	mutexProfile    *int
	blockProfile    *int
	burn            *int
	harnessFlags    map[string]bool // flags that are not options of the target
	ready           atomic.Bool
	serviceCounters atomic.Pointer[func() map[string]int64]
	serviceTLS      atomic.Pointer[tls.Config]
}

// Service is what a target serves once its own set-up is done.
type Service struct {
	// Handler answers the service's requests.
	Handler http.Handler
	// Counters, if any, is served as JSON at GET /counters: counts that the target keeps itself.
	Counters func() map[string]int64
	// TLS makes the service listener speak TLS (and HTTP/2 where it is offered by NextProtos).
	TLS *tls.Config
	// Listening is called once the service accepts connections and before it is reported ready.
	Listening func(address net.Addr) error
	// Close is called after the last request has been answered.
	Close func()
}

// New makes a target with the flags that all targets share. Add options to it, then call Main.
func New(name, about string) *Target {
	target := &Target{
		name:  name,
		about: about,
		flags: flag.NewFlagSet(name, flag.ContinueOnError),
	}
	target.flags.StringVar(&target.addr, "addr", "127.0.0.1:8080", "service listener, `host:port` or unix:/path")
	target.flags.StringVar(&target.admin, "admin", "", "admin listener, loopback `host:port`; empty for none")
	target.mutexProfile = target.Int("mutexprofile", 0, 0, 1<<30, "runtime.SetMutexProfileFraction: 1 in `N` contentions, 0 for off")
	target.blockProfile = target.Int("blockprofile", 0, 0, 1<<30, "runtime.SetBlockProfileRate: one sample per `NS` blocked, 0 for off")
	target.harnessFlags = map[string]bool{"addr": true, "admin": true, "mutexprofile": true, "blockprofile": true}
	target.burn = target.Int("burn", 0, 0, 1_000_000_000, "iterations of a fixed integer loop added to every request")
	return target
}

// Main runs the target until SIGTERM or SIGINT and exits the process. start is called after the
// flags are parsed and the profile rates set; it may take as long as it needs, the admin listener
// answers /ready with 503 meanwhile.
func (target *Target) Main(start func() (Service, error)) {
	target.adminToken = contract.TakeToken()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := target.run(ctx, os.Args[1:], start, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func (target *Target) run(ctx context.Context, arguments []string, start func() (Service, error), stdout, stderr io.Writer) int {
	switch err := target.parse(arguments, stderr); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	runtime.SetMutexProfileFraction(*target.mutexProfile)
	runtime.SetBlockProfileRate(*target.blockProfile)
	if err := target.serve(ctx, start, stdout); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", target.name, err)
		return exitFailed
	}
	return exitOK
}

// parse reads the flags. When it returns an error, stderr has the usage and then the error, which
// comes last because the last lines are what a harness keeps of a target that does not start.
func (target *Target) parse(arguments []string, stderr io.Writer) error {
	flags := target.flags
	flags.SetOutput(io.Discard)
	err := flags.Parse(arguments)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q: options are flags, as in -addr 127.0.0.1:8080", flags.Arg(0))
	}
	if err == nil {
		err = checkAddress(target.addr)
	}
	if err == nil {
		err = checkAdmin(target.admin)
	}
	if err == nil {
		return nil
	}
	fmt.Fprintf(stderr, "%s: %s\n\nusage: %s [flags]\n", target.name, target.about, target.name)
	flags.SetOutput(stderr)
	flags.PrintDefaults()
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stderr, "\n%s: %v\n", target.name, err)
	}
	return err
}

// serve runs both listeners until ctx ends. The admin listener comes first, so that readiness can
// be asked for while start is still at work.
func (target *Target) serve(ctx context.Context, start func() (Service, error), stdout io.Writer) error {
	failed := make(chan error, 2)
	adminAddress := "none"
	if target.admin != "" {
		listener, err := net.Listen("tcp", target.admin)
		if err != nil {
			return fmt.Errorf("admin listener: %w", err)
		}
		admin := &http.Server{Handler: target.adminHandler()}
		defer admin.Close()
		go func() { failed <- admin.Serve(listener) }()
		adminAddress = listener.Addr().String()
	}

	service, err := startUnlessStopped(ctx, start)
	if err != nil || ctx.Err() != nil {
		return err
	}
	if service.Close != nil {
		defer service.Close()
	}
	if service.Counters != nil {
		target.serviceCounters.Store(&service.Counters)
	}
	target.serviceTLS.Store(service.TLS)
	listener, err := listen(target.addr)
	if err != nil {
		return fmt.Errorf("service listener: %w", err)
	}
	server := target.server(service, stdout)
	go func() {
		if service.TLS != nil {
			failed <- server.ServeTLS(listener, "", "")
			return
		}
		failed <- server.Serve(listener)
	}()
	defer stopServer(server)
	if service.Listening != nil {
		if err := service.Listening(listener.Addr()); err != nil {
			return err
		}
	}
	target.ready.Store(true)
	defer target.ready.Store(false)
	fmt.Fprintf(stdout, "%s: listening addr=%s admin=%s pid=%d\n", target.name, listener.Addr(), adminAddress, os.Getpid())

	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// adminHandler answers the admin contract for this target.
func (target *Target) adminHandler() http.Handler {
	return contract.Handler(contract.Options{
		Name:  target.name,
		Ready: target.ready.Load,
		Counters: func() map[string]int64 {
			if read := target.serviceCounters.Load(); read != nil {
				return (*read)()
			}
			return map[string]int64{}
		},
		Values:           target.values,
		TLS:              target.serviceTLS.Load,
		BlockProfileRate: *target.blockProfile,
		Token:            target.adminToken,
	})
}

// values are the target's own flags as parsed.
func (target *Target) values() map[string]any {
	values := map[string]any{}
	target.flags.VisitAll(func(option *flag.Flag) {
		if getter, ok := option.Value.(flag.Getter); ok && !target.harnessFlags[option.Name] {
			values[option.Name] = getter.Get()
		}
	})
	return values
}

// startUnlessStopped returns early, with an empty Service, when ctx ends before start does: a large
// set-up must not hold up SIGTERM.
func startUnlessStopped(ctx context.Context, start func() (Service, error)) (Service, error) {
	type started struct {
		service Service
		err     error
	}
	done := make(chan started, 1)
	go func() {
		service, err := start()
		done <- started{service, err}
	}()
	select {
	case result := <-done:
		return result.service, result.err
	case <-ctx.Done():
		return Service{}, nil
	}
}

// server sets no timeouts on purpose: each would add a deadline update per request and could end
// a connection in the middle of a measurement. Its rare complaints (a broken TLS handshake, a
// panic in a handler) go to stdout, because stderr carries the runtime's trace lines and foreign
// output would tear them.
func (target *Target) server(service Service, stdout io.Writer) *http.Server {
	handler := service.Handler
	if iterations := *target.burn; iterations > 0 {
		inner := handler
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			work.Burn(iterations)
			inner.ServeHTTP(w, r)
		})
	}
	return &http.Server{
		Handler:   handler,
		TLSConfig: service.TLS,
		ErrorLog:  log.New(stdout, target.name+": ", 0),
	}
}

func stopServer(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
}

func listen(address string) (net.Listener, error) {
	if path, isUnix := strings.CutPrefix(address, "unix:"); isUnix {
		return net.Listen("unix", path)
	}
	return net.Listen("tcp", address)
}

// checkAddress finds what no listener could be opened on. A port that is taken is for Listen to say.
func checkAddress(address string) error {
	if path, isUnix := strings.CutPrefix(address, "unix:"); isUnix {
		if path == "" {
			return fmt.Errorf("bad -addr %q: a path has to follow unix:", address)
		}
		return nil
	}
	return checkPort("-addr", address)
}

// checkAdmin refuses any admin address that another machine could reach.
func checkAdmin(address string) error {
	if address == "" {
		return nil
	}
	if err := contract.CheckAddress(address); err != nil {
		return fmt.Errorf("-admin: %w", err)
	}
	return nil
}

func checkPort(name, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("bad %s %q: %v; want host:port, such as 127.0.0.1:8080", name, address, err)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("bad %s %q: port %q is not a number from 0 to 65535", name, address, port)
	}
	return nil
}
