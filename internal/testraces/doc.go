// Package testraces keeps the race detector from reporting known races inside
// libraries. A test that runs several members in one process imports it for
// that; suppressions.txt says which races and why they do no harm.
package testraces
