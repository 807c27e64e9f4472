// Package sighej is the vocabulary of SigHej: tokens, sessions, matches,
// nudges and coded errors. Every other package speaks these words; this one
// knows none of them and imports the standard library only.
//
// A phone broadcasts a [Token]. A phone that hears one reports a sighting. Two
// live, open sessions whose interests overlap become a [Match], once in their
// lives, and each of the two phones gets a [Nudge].
//
// All types are values or immutable once shared, and safe for concurrent use
// as such.
package sighej
