// Package probe lets gosweep see inside a Go service: it answers the admin contract of ../README.md
// on a loopback listener of its own. In a service's main:
//
//	admin, err := probe.Serve(os.Getenv("ADMIN"), probe.Options{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer admin.Close()
//
// and in its target.yaml:
//
//	env: {ADMIN: "{admin}"}
//	probe: true
//
// Without an address nothing is served, so a service can carry this into production. Standard library
// only. Deliberately absent: anything per request, because the probe must not move what is measured.
package probe

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
)

// TokenVariable is the environment variable with what a request to the admin listener must show, so
// that no other user of the machine can dump this process's memory.
const TokenVariable = "GOSWEEP_ADMIN_TOKEN"

// Options say what a service tells of itself besides what its runtime does. The zero value is enough.
type Options struct {
	// Name of the service at /info.
	Name string
	// Ready says whether the service accepts requests; nil: as soon as the admin listener answers.
	Ready func() bool
	// Counters, if any, is served as JSON at /counters: counts that the service keeps itself.
	Counters func() map[string]int64
	// Values, if any, are the service's own settings at /info.
	Values func() map[string]any
	// TLS, if any, gives what the service listener presents at /certificate.
	TLS func() *tls.Config
	// BlockProfileRate is what runtime.SetBlockProfileRate was called with: the runtime does not tell.
	BlockProfileRate int
	// Token that a request must show; empty: everybody is answered. Serve takes it from the environment.
	Token string
}

// Admin is a running admin listener; the zero value is none.
type Admin struct {
	server  *http.Server
	address string
}

// Serve answers the admin contract on a loopback address, until Close. Without an address it serves
// nothing. It takes the token out of the environment, so that children do not have it.
func Serve(address string, options Options) (*Admin, error) {
	if address == "" {
		return &Admin{}, nil
	}
	if err := CheckAddress(address); err != nil {
		return nil, fmt.Errorf("admin listener: %w", err)
	}
	if options.Token == "" {
		options.Token = TakeToken()
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("admin listener: %w", err)
	}
	admin := &Admin{
		server:  &http.Server{Handler: Handler(options)},
		address: listener.Addr().String(),
	}
	go admin.server.Serve(listener)
	return admin, nil
}

// Address is where it listens, empty where it does not.
func (admin *Admin) Address() string {
	return admin.address
}

// Close ends it.
func (admin *Admin) Close() error {
	if admin.server == nil {
		return nil
	}
	return admin.server.Close()
}

// TakeToken takes the token out of the environment.
func TakeToken() string {
	token := os.Getenv(TokenVariable)
	os.Unsetenv(TokenVariable)
	return token
}

// CheckAddress refuses any address that another machine could reach: the admin listener can force
// collections and dump memory profiles.
func CheckAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("bad address %q: %v; want host:port, such as 127.0.0.1:8080", address, err)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("bad address %q: port %q is not a number from 0 to 65535", address, port)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("bad address %q: it serves profiles and may only be on a loopback IP, such as 127.0.0.1:PORT", address)
	}
	return nil
}
