package server

import (
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence/memstore"
)

// BenchmarkTimedCommit is what counting and timing adds to a call of the store in
// memory: a commit that is refused at once, since there are no such sessions.
func BenchmarkTimedCommit(b *testing.B) {
	timed := newMetrics("test").stores.timeSessions(inMemory{memstore.New()}, timeMemory)
	match := sighej.Match{A: sighej.Side{Session: sighej.SessionKey{Token: "aaaaaa"}}, B: sighej.Side{Session: sighej.SessionKey{Token: "bbbbbb"}}}
	for name, store := range map[string]sessionStore{"plain": timed.sessionStore, "timed": timed} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if _, err := store.Commit(b.Context(), match); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
