// Package model is the reference app without its screens: what the person has
// chosen, what the session has told, and what follows from the two.
//
// [State] is plain data with methods and belongs to one goroutine, the
// screen's. [Driver] brings a [Session] to what State wishes, on a goroutine of
// its own, so that no screen ever waits for a network or a radio. Nothing here
// draws, keeps a file or reads a clock.
package model
