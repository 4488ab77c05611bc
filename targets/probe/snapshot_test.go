package probe

import (
	"bytes"
	"encoding/json"
	"math"
	"runtime/debug"
	"testing"
)

func TestValuesJSONHasNoNumberFor(t *testing.T) {
	for _, golden := range []struct {
		value float64
		text  string
	}{
		{math.Inf(1), `"+Inf"`}, {math.Inf(-1), `"-Inf"`}, {math.NaN(), `"NaN"`},
		{0.5, `0.5`}, {1e-9, `1e-09`}, {1e300, `1e+300`},
	} {
		text := string(appendFloat(nil, golden.value))
		if text != golden.text {
			t.Errorf("%v is written %s, want %s", golden.value, text, golden.text)
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("%s is not JSON", text)
		}
	}
}

func TestMetricsKeepsUint64Exact(t *testing.T) {
	before := debug.SetGCPercent(-1) // off reads as all ones
	defer debug.SetGCPercent(before)
	snapshot := newSnapshot()
	if want := `"/gc/gogc:percent":{"kind":"uint64","value":18446744073709551615}`; !bytes.Contains(snapshot.json, []byte(want)) {
		t.Errorf("snapshot lacks %s", want)
	}
}

func TestSnapshotReusesItsBuffers(t *testing.T) {
	snapshot := newSnapshot()
	// metrics.Read itself may allocate a little in some versions; what must not come back is the
	// tens of thousands of bytes of histograms and text.
	allocations := testing.AllocsPerRun(20, snapshot.take)
	if allocations > 10 {
		t.Errorf("%v allocations per snapshot", allocations)
	}
}
