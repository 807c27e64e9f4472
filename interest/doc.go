// Package interest turns the labels that people type into sets that can be
// compared fast and kept without saying what is in them.
//
// A [Catalogue] lists the interests that are offered, in categories. A [Lexicon]
// is a catalogue under a secret key: it reads labels into a [Set], names each
// interest by a keyed hash for the stores, and finds what two sets share. An
// interest of the catalogue has a small dense id, so that the roaring bitmap of
// a Set is one array container. One outside the catalogue has an id from the
// upper half of the 32-bit space, of its hash's lower 31 bits, and belongs to
// the category [Other].
//
// Ids mean something inside one process only; what leaves it is
// [sighej.InterestHash]. The package does no I/O but from an io.Reader, reads no
// clock, and never puts a label that a person typed into an error.
//
// All types are immutable once made and safe for concurrent use.
package interest
