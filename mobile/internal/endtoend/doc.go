// Package endtoend holds the tests of package sdk against real servers, and its
// benchmarks: they stand apart, so that checking sdk for another platform does not
// take the server along.
package endtoend
