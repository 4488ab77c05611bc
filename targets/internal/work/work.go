// Package work holds the one unit of CPU work that every target counts in: an iteration of a fixed
// integer loop. It is the same number of instructions on every run, so a burn of N iterations is N
// times the same work whatever the Go version, the clock frequency or the host.
//
// Deliberately absent: any calibration against the clock. Iterations are converted to time by
// whoever measures, never here.
package work

import "sync/atomic"

// unreachable is written only on a state that Spin can never reach; it keeps the compiler from
// removing the loop without making goroutines share a cache line.
var unreachable atomic.Uint64

// Spin runs iterations steps of the xorshift64 generator (Marsaglia, "Xorshift RNGs", Journal of
// Statistical Software 8(14), 2003) and returns the last state, which depends on seed and
// iterations only. The loop contains no function call, so the compiler places no preemption check
// in it: only a signal can interrupt it (see GODEBUG=asyncpreemptoff in the runtime's docs).
//
//go:noinline
func Spin(seed uint64, iterations int) uint64 {
	state := seed | 1 // zero is xorshift's only fixed point
	for step := 0; step < iterations; step++ {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
	}
	return state
}

// Burn spends iterations steps of Spin and throws the result away in a way the compiler cannot see
// through.
func Burn(iterations int) {
	if iterations > 0 && Spin(1, iterations) == 0 {
		unreachable.Add(1)
	}
}
