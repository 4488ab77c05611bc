//! What gosweep measures and measured: matrix, target, cell, trial, host, and every file format
