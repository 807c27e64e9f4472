// Package core is the phone side behind package sdk: from what the radio heard to
// the nudge that a person sees, and from consent to what the radio sends.
//
// Between Start and Stop four things go on, each on a goroutine of its own:
//
//   - the keeper registers sessions, one after the other, and keeps each
//     connected (keep.go);
//   - the chores tell the server what changed: consent, a new token, sightings
//     (chores.go, report.go);
//   - the voice makes every call to the shell, radio and listener alike, one at a
//     time (voice.go, tune.go);
//   - whatever calls in, on any goroutine, changes the state under one lock and
//     wakes the others; it never waits for the network (core.go).
//
// Nothing is written to a disk, and nothing is kept after Stop.
package core
