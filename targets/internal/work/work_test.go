package work

import "testing"

func TestSpinIsTheSameEverywhere(t *testing.T) {
	// Golden values of xorshift64 with shifts 13, 7, 17 from state 1; any Go version and any
	// machine must agree, or -burn would not be the same work in two cells.
	for _, golden := range []struct {
		iterations int
		state      uint64
	}{{0, 1}, {1, 0x40822041}, {2, 0x100041060c011441}} {
		if state := Spin(1, golden.iterations); state != golden.state {
			t.Errorf("Spin(1, %d) = %#x, want %#x", golden.iterations, state, golden.state)
		}
	}
}

func TestSpinNeverReachesZero(t *testing.T) {
	if Spin(0, 100_000) == 0 {
		t.Error("xorshift64 reached its fixed point; Burn relies on it being unreachable")
	}
}
