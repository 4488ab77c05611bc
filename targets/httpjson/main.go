// Command httpjson is a small JSON API that allocates the way most Go services do: it builds rows
// of strings and numbers for each request and marshals them. Nothing survives the request, so the
// collector's work follows the request rate and the GC settings alone.
package main

import (
	"encoding/json"
	"net/http"
	"strconv"

	"gosweep.dev/targets/internal/probe"
)

// item is one row. Its values depend on the row number only and have a fixed width, so a response
// is the same bytes on every request and under every Go version.
type item struct {
	ID     int      `json:"id"`
	Name   string   `json:"name"`
	Price  float64  `json:"price"`
	Tags   []string `json:"tags"`
	Stock  *stock   `json:"stock"`
	record []byte   // the row as the database would have sent it; read, never returned
}

// recordBytes is the size of a row's raw record.
const recordBytes = 512

type stock struct {
	Warehouse string `json:"warehouse"`
	Count     int    `json:"count"`
}

func main() {
	target := probe.New("httpjson", "allocating JSON API; GC settings move it")
	items := target.Int("items", 30, 0, 100_000, "rows per response")
	target.Main(func() (probe.Service, error) {
		mux := http.NewServeMux()
		mux.Handle("/items", list(*items))
		return probe.Service{Handler: mux}, nil
	})
}

func list(count int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		body, err := json.Marshal(rows(count))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		probe.Reply(w, "application/json", body)
	}
}

// rows allocates every row anew, with the strings and the pointer that a database driver's rows
// would bring.
func rows(count int) []*item {
	rows := make([]*item, 0, count)
	for number := 0; number < count; number++ {
		id := 100_000 + number
		text := strconv.Itoa(id)
		record := make([]byte, recordBytes)
		copy(record, text)
		rows = append(rows, &item{
			ID:     id,
			Name:   "item-" + text,
			Price:  float64(1000+number%1000) + 0.25,
			Tags:   []string{"tag-" + text[3:], "new"},
			Stock:  &stock{Warehouse: "w" + text[4:], Count: 10 + number%90},
			record: record,
		})
	}
	return rows
}
