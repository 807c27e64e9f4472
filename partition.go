package sighej

// Partitions is the number of slices that the token space is cut into. It is
// written into the store's keys and the members' placement: it never changes.
const Partitions = 1024

// Partition returns the slice of the token space that token lies in, from 0 to
// Partitions-1. All members at all times agree on it.
func Partition(token Token) int {
	// FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/; its low bits are weak for
	// inputs that differ in the last byte, so the 64 bits are mixed as MurmurHash3
	// finishes (fmix64).
	h := uint64(14695981039346656037)
	for i := range len(token) {
		h = (h ^ uint64(token[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return int(h % Partitions)
}
