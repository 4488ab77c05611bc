package probe

import (
	"crypto/subtle"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/pprof"
	"runtime"
)

// Handler answers the admin contract of ../README.md.
func Handler(options Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ready", only(http.MethodGet, options.answerReady))
	mux.HandleFunc("/metrics", only(http.MethodGet, newSnapshot().answer))
	mux.HandleFunc("/info", only(http.MethodGet, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, options.info())
	}))
	mux.HandleFunc("/counters", only(http.MethodGet, func(w http.ResponseWriter, _ *http.Request) {
		counters := map[string]int64{}
		if options.Counters != nil {
			counters = options.Counters()
		}
		answerJSON(w, counters)
	}))
	mux.HandleFunc("/certificate", only(http.MethodGet, options.answerCertificate))
	mux.HandleFunc("/gc", only(http.MethodPost, func(w http.ResponseWriter, _ *http.Request) {
		runtime.GC()
		io.WriteString(w, "ok\n")
	}))
	mux.HandleFunc("/debug/pprof/", pprof.Index) // serves every named profile as well
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return demandToken(options.Token, mux)
}

// demandToken answers 401 to who does not show the token. Without one everybody is answered, as
// when a person starts a target.
func demandToken(token string, handler http.Handler) http.Handler {
	if token == "" {
		return handler
	}
	wanted := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown := []byte(r.Header.Get("Authorization"))
		if subtle.ConstantTimeCompare(shown, wanted) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "the admin listener wants the token of "+TokenVariable, http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

func (options Options) answerReady(w http.ResponseWriter, _ *http.Request) {
	if options.Ready != nil && !options.Ready() {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	io.WriteString(w, "ok\n")
}

// answerCertificate gives what the service listener presents, so that a client can trust it.
func (options Options) answerCertificate(w http.ResponseWriter, r *http.Request) {
	var config *tls.Config
	if options.TLS != nil {
		config = options.TLS()
	}
	if config == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	for _, certificate := range config.Certificates {
		for _, der := range certificate.Certificate {
			pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der})
		}
	}
}

// only answers 405 to any other method. The patterns of newer ServeMux versions could say the same
// but mean a literal path under Go 1.21.
func only(method string, handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			w.Header().Set("Allow", method)
			http.Error(w, "use "+method, http.StatusMethodNotAllowed)
			return
		}
		handler(w, r)
	}
}

func answerJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}
