//go:build !linux

package ws

// serveForBenchmark reports that this is no server process: the benchmarks read
// /proc, so they are for Linux.
func serveForBenchmark() bool { return false }
