// Package ledger knows what a server must answer and push, and notes down where
// it does otherwise. It is told what phones report, which answers and nudges
// come back, and compares them with the overlap that it computes itself.
//
// It does no I/O and reads no clock. A nudge does not say whom it is about, so
// it is set against the pairs of its phone that share exactly its interests.
package ledger
