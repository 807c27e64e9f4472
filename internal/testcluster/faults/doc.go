// Package faults is the fault matrix: each test breaks one thing of a cluster of
// real processes while a crowd of phones uses it, and checks that what was
// promised holds. `make test` runs a short form of each, `make test-faults` the
// full one.
package faults
