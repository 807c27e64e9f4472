package sighej_test

import (
	"testing"

	"i80.dk/sighej"
)

// The numbers are in the stores' keys: a change would lose live sessions.
func TestPartitionNeverChanges(t *testing.T) {
	for token, want := range map[sighej.Token]int{
		"abcdef":                 1013,
		"abcdeg":                 859,
		"AAAAAAAAAAAAAAAAAAAAAA": 128,
	} {
		if got := sighej.Partition(token); got != want {
			t.Errorf("Partition(%q) = %d, want %d", token, got, want)
		}
	}
}

// With 100 tokens a partition on average, a sound hash strays about 10 from it;
// 60 is six times that.
func TestPartitionsAreEven(t *testing.T) {
	var count [sighej.Partitions]int
	for range 100 * sighej.Partitions {
		count[sighej.Partition(sighej.NewToken())]++
	}
	for n, c := range count {
		if c < 40 || c > 160 {
			t.Errorf("partition %d has %d tokens of 100 expected", n, c)
		}
	}
}
