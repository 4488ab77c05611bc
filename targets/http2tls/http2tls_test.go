package main

import (
	"crypto/x509"
	"testing"

	"gosweep.dev/targets/internal/observe"
)

func TestMain(m *testing.M) { observe.Main(m, main) }

func TestTargetFile(t *testing.T) { observe.CheckTargetFile(t, true) }

func TestHTTP2NeedsFewerHandshakes(t *testing.T) {
	run := func(http2 string) observe.Observation {
		seen := observe.Run(t, observe.Setting{
			Env: []string{"GODEBUG=http2server=" + http2}, Path: "/", Requests: 400, Connections: 16, TLS: true,
		})
		t.Logf("%s: %d HTTP/1.1 and %d HTTP/2 requests over %d handshakes, %.0f objects per request", seen, seen.Counter("http1_requests"),
			seen.Counter("http2_requests"), seen.Counter("handshakes"), seen.MetricPerRequest("/gc/heap/allocs:objects"))
		return seen
	}
	two, one := run("1"), run("0")
	if two.Counter("http2_requests") != 400 || two.Counter("http1_requests") != 0 {
		t.Errorf("%s: %d HTTP/2 requests", two, two.Counter("http2_requests"))
	}
	if one.Counter("http1_requests") != 400 || one.Counter("http2_requests") != 0 {
		t.Errorf("%s: %d HTTP/1.1 requests", one, one.Counter("http1_requests"))
	}
	if two.Counter("handshakes") >= one.Counter("handshakes") {
		t.Errorf("%d handshakes with HTTP/2, %d without", two.Counter("handshakes"), one.Counter("handshakes"))
	}
}

func TestCertificateIsItsOwnRoot(t *testing.T) {
	certificate, err := selfSigned()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}
