package probe

import (
	"net/http"
	"strconv"
)

// Reply writes body with a stated length and type, so that a response is never chunked or sniffed
// and has the same length under every Go version.
func Reply(w http.ResponseWriter, contentType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}
