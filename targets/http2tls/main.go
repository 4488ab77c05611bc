// Command http2tls serves a fixed body over TLS, as HTTP/2 to clients that offer it and as
// HTTP/1.1 otherwise or with GODEBUG=http2server=0. Its certificate is made at the start and can
// be had from the admin listener at /certificate.
package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"sync/atomic"

	"gosweep.dev/targets/internal/probe"
)

func main() {
	target := probe.New("http2tls", "fixed body over TLS and HTTP/2")
	kib := target.Int("kib", 4, 0, 1<<20, "KiB of body")
	target.Main(func() (probe.Service, error) {
		certificate, err := selfSigned()
		if err != nil {
			return probe.Service{}, fmt.Errorf("certificate: %w", err)
		}
		counts := &counts{}
		return probe.Service{
			Handler:  serve(make([]byte, *kib<<10), counts),
			Counters: counts.read,
			TLS: &tls.Config{
				Certificates: []tls.Certificate{certificate},
				// Called once per connection, at the end of its handshake.
				VerifyConnection: func(tls.ConnectionState) error {
					counts.handshakes.Add(1)
					return nil
				},
			},
		}, nil
	})
}

type counts struct {
	http1      atomic.Int64
	http2      atomic.Int64
	handshakes atomic.Int64
}

func (counts *counts) read() map[string]int64 {
	return map[string]int64{
		"http1_requests": counts.http1.Load(), "http2_requests": counts.http2.Load(), "handshakes": counts.handshakes.Load(),
	}
}

func serve(body []byte, counts *counts) http.HandlerFunc {
	for i := range body {
		body[i] = byte('a' + i%26)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			counts.http2.Add(1)
		} else {
			counts.http1.Add(1)
		}
		probe.Reply(w, "text/plain", body)
	}
}
