// Package benchtest is a server that lies: a proxy before a real one that, as a
// test asks for, loses, repeats, delays and misdelivers nudges and falsifies what
// they and the answers say. With it the tests of the suites show that a suite
// notices.
//
// It passes on everything else as it is: requests and answers with their
// headers, frames, pings, close codes. It is for tests only.
package benchtest
