package pace

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Everything is due at its own moment, however long the others take; nothing is
// early, and what is late is not left out.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Schedule{Rate: 100, Start: time.Now(), For: time.Second}
		var n int
		err := s.Run(t.Context(), func(i int, due time.Time) {
			if i != n || !due.Equal(s.Start.Add(time.Duration(i)*10*time.Millisecond)) {
				t.Errorf("thing %d is due at %v; %d came before", i, due.Sub(s.Start), n)
			}
			if time.Now().Before(due) {
				t.Errorf("thing %d is early", i)
			}
			if i == 50 {
				time.Sleep(200 * time.Millisecond) // a stall of the generator, on the bubble's clock
			}
			n++
		})
		if err != nil || n != 100 || n != s.Len() {
			t.Errorf("%d things, %v; want 100", n, err)
		}
		if took := time.Since(s.Start); took != 990*time.Millisecond {
			t.Errorf("the schedule took %v", took)
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 95*time.Millisecond)
		defer cancel()
		var n int
		s := Schedule{Rate: 100, Start: time.Now(), For: time.Hour}
		if err := s.Run(ctx, func(int, time.Time) { n++ }); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if n != 10 {
			t.Errorf("%d things, want 10", n)
		}
	})
}
