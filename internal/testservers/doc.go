// Package testservers starts real servers for tests: private ones, on free
// loopback ports and in temporary directories, that die with the test process.
//
// A server that is not installed fails the test; `make test` installs it. The
// servers trade durability for speed where no test can tell the difference.
package testservers
