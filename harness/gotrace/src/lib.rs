//! Reads what the Go toolchain and runtime print, and knows what differs between Go versions
