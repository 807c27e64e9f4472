// Package progress is what a person sees of a measurement while it runs: on a
// terminal one line with a bar that is drawn over and over, elsewhere a plain
// line every few seconds with the same words.
//
// It shows what it is told and measures nothing, not even the time that a phase
// has taken. It starts no goroutine: who reports decides when something new is
// shown.
package progress
