package probe

import (
	"math"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strconv"
	"sync"
	"time"
)

// snapshot reads every metric of runtime/metrics into buffers that it keeps, so that taking one
// during a measurement allocates next to nothing: metrics.Read reuses the histograms of a sample
// that it has filled before, and the JSON is appended to the same bytes.
type snapshot struct {
	mutex   sync.Mutex
	samples []metrics.Sample
	json    []byte
}

// newSnapshot takes a first snapshot at once, so that the later ones find all buffers grown.
func newSnapshot() *snapshot {
	described := metrics.All()
	snapshot := &snapshot{samples: make([]metrics.Sample, len(described))}
	for i, description := range described {
		snapshot.samples[i].Name = description.Name
	}
	snapshot.take()
	return snapshot
}

func (snapshot *snapshot) answer(w http.ResponseWriter, _ *http.Request) {
	snapshot.mutex.Lock()
	defer snapshot.mutex.Unlock()
	snapshot.take()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(snapshot.json)))
	w.Write(snapshot.json)
}

// take fills snapshot.json. The clock is read just before the metrics, which are themselves read
// within a few microseconds of each other but not atomically (runtime/metrics.Read).
func (snapshot *snapshot) take() {
	taken := time.Now().UnixNano()
	metrics.Read(snapshot.samples)

	json := append(snapshot.json[:0], `{"go_version":`...)
	json = strconv.AppendQuote(json, runtime.Version())
	json = append(json, `,"taken_unix_ns":`...)
	json = strconv.AppendInt(json, taken, 10)
	json = append(json, `,"metrics":{`...)
	separate := false
	for _, sample := range snapshot.samples {
		if sample.Value.Kind() == metrics.KindBad {
			continue // not supported by this runtime after all: absent rather than zero
		}
		if separate {
			json = append(json, ',')
		}
		separate = true
		json = strconv.AppendQuote(json, sample.Name)
		json = append(json, ':')
		json = appendValue(json, sample.Value)
	}
	snapshot.json = append(json, "}}\n"...)
}

func appendValue(json []byte, value metrics.Value) []byte {
	switch value.Kind() {
	case metrics.KindUint64:
		json = append(json, `{"kind":"uint64","value":`...)
		json = strconv.AppendUint(json, value.Uint64(), 10)
	case metrics.KindFloat64:
		json = append(json, `{"kind":"float64","value":`...)
		json = appendFloat(json, value.Float64())
	case metrics.KindFloat64Histogram:
		histogram := value.Float64Histogram()
		json = append(json, `{"kind":"histogram","counts":[`...)
		for i, count := range histogram.Counts {
			if i > 0 {
				json = append(json, ',')
			}
			json = strconv.AppendUint(json, count, 10)
		}
		json = append(json, `],"buckets":[`...)
		for i, bound := range histogram.Buckets {
			if i > 0 {
				json = append(json, ',')
			}
			json = appendFloat(json, bound)
		}
		json = append(json, ']')
	default:
		// A kind that a newer Go added: named, so that its reader can tell it from a missing metric.
		json = append(json, `{"kind":"unknown"`...)
	}
	return append(json, '}')
}

// appendFloat writes what JSON has no number for as the strings "+Inf", "-Inf" and "NaN".
func appendFloat(json []byte, value float64) []byte {
	if math.IsInf(value, 0) || math.IsNaN(value) {
		json = append(json, '"')
		json = strconv.AppendFloat(json, value, 'g', -1, 64)
		return append(json, '"')
	}
	return strconv.AppendFloat(json, value, 'g', -1, 64)
}
