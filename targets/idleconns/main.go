// Command idleconns serves its requests beside many keep-alive connections on which nothing
// happens. It opens these itself, to its own listener, so any load generator can be used; their
// client ends are bare sockets and cost a descriptor and little else.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"

	"gosweep.dev/targets/internal/probe"
)

func main() {
	target := probe.New("idleconns", "requests beside many idle keep-alive connections")
	count := target.Int("conns", 1000, 0, 25_000, "idle connections; each takes two descriptors of this process")
	target.Main(func() (probe.Service, error) {
		var idle atomic.Int64
		var clients []net.Conn
		return probe.Service{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				probe.Reply(w, "text/plain", []byte("done\n"))
			}),
			Counters: func() map[string]int64 { return map[string]int64{"idle_connections": idle.Load()} },
			Listening: func(address net.Addr) (err error) {
				clients, err = openIdle(address, *count)
				idle.Store(int64(len(clients)))
				return err
			},
			Close: func() {
				for _, client := range clients {
					client.Close()
				}
			},
		}, nil
	})
}

// openIdle sends one request on each connection: net/http counts a connection as idle, and keeps
// its buffers, only after its first request.
func openIdle(address net.Addr, count int) ([]net.Conn, error) {
	clients := make([]net.Conn, 0, count)
	for len(clients) < count {
		client, err := net.Dial(address.Network(), address.String())
		if err != nil {
			return clients, fmt.Errorf("idle connection %d of %d (see ulimit -n): %w", len(clients)+1, count, err)
		}
		clients = append(clients, client)
		if err := useOnce(client); err != nil {
			return clients, fmt.Errorf("idle connection %d of %d: %w", len(clients), count, err)
		}
	}
	return clients, nil
}

func useOnce(client net.Conn) error {
	if _, err := fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: idle\r\n\r\n"); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
