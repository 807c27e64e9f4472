package redisstore

import (
	"log/slog"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/persistence"
)

// A machine whose clock is minutes off dates sessions by Redis's clock, from
// the first one on.
func TestMachineWithAWrongClock(t *testing.T) {
	redis := testservers.Redis(t)
	for _, off := range []time.Duration{-5 * time.Minute, 5 * time.Minute} {
		store, err := Open(redis.URL(), []byte("an interest key of at least 32 bytes"), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		store.stop() // no reading but those of the test
		store.wg.Wait()
		store.clock = newClock()
		store.clock.epoch.Add(int64(off))
		register := func() (*sighej.Session, error) {
			now := store.Now()
			s := &sighej.Session{
				Token: sighej.NewToken(), ID: sighej.NewSessionID(), Access: sighej.NewAccessToken().Hash(),
				CreatedAt: now, ExpiresAt: now.Add(2 * time.Minute),
			}
			return s, store.Create(t.Context(), persistence.Registration{Session: s, Digest: func() string { return "" }})
		}
		if _, err := register(); sighej.CodeOf(err) != sighej.CodeUnavailable {
			t.Errorf("%v off: %v, want code unavailable", off, err)
		}
		s, err := register()
		if err != nil {
			t.Fatalf("%v off, after the reading: %v", off, err)
		}
		if left := time.Until(s.ExpiresAt); left < time.Minute || left > 3*time.Minute {
			t.Errorf("%v off: the session has %v left, want about 2 minutes", off, left)
		}
		if _, err := store.Load(t.Context(), s.Token); err != nil {
			t.Errorf("%v off: %v", off, err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}
