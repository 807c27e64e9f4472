package persistence_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"i80.dk/sighej/persistence"
)

// Inside a synctest bubble it is this day, at midnight.
const (
	firstDay  = persistence.Day("2000-01-01")
	secondDay = persistence.Day("2000-01-02")
)

func TestFlusherCarriesCounts(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.start("a")
		w.register(t, "music")
		w.register(t, "music", "sport")
		w.sighted.add(7)
		w.pass(time.Second)
		w.want(t, totals(firstDay, 2, 7, "music", 2, "sport", 1))
		w.sighted.add(1)
		w.pass(time.Second)
		w.want(t, totals(firstDay, 2, 8, "music", 2, "sport", 1))
	})
}

func TestFlusherMergesOnlyWhatChanged(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.start("a")
		w.register(t, "music")
		w.pass(time.Minute)
		if got := w.statistics.merges(); got != 1 {
			t.Errorf("%d merges of one change", got)
		}
	})
}

func TestFlusherCatchesUpAfterAnOutageOfTheStatistics(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.start("a")
		w.register(t, "music")
		w.pass(time.Second)
		w.statistics.fail(errAway)
		w.register(t, "music")
		w.sighted.add(3)
		w.pass(time.Hour)
		w.want(t, totals(firstDay, 1, 0, "music", 1))
		w.statistics.fail(nil)
		w.pass(time.Second)
		w.want(t, totals(firstDay, 2, 3, "music", 2))
		w.wantLog(t, "counts wait for a store that fails", "counts no longer wait for the store")
	})
}

func TestFlusherCatchesUpOnDaysPast(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.interval = time.Minute
		w.statistics.fail(errAway)
		w.start("a")
		w.register(t, "music")
		w.pass(7*24*time.Hour - time.Hour)
		w.register(t, "sport")
		w.statistics.fail(nil)
		w.pass(30 * time.Second)
		w.want(t, totals(firstDay, 0, 0))
		w.pass(30 * time.Second)
		w.want(t, totals(firstDay, 1, 0, "music", 1))
		w.want(t, totals("2000-01-07", 1, 0, "sport", 1))
		if days := w.history(t); len(days) != 2 {
			t.Errorf("days of no counts were made: %v", days)
		}
	})
}

func TestFlusherStartedLaterCatchesUpOnDaysPast(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.register(t, "music")
		w.pass(7*24*time.Hour + time.Minute)
		w.start("a")
		w.pass(time.Second)
		w.want(t, totals(firstDay, 1, 0, "music", 1))
	})
}

func TestFlusherCountsTheLastSecondBeforeMidnight(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.pass(24*time.Hour - 10*time.Second)
		w.start("a")
		w.register(t, "music")
		w.pass(10*time.Second - time.Millisecond)
		w.register(t, "music")
		w.pass(time.Second)
		w.register(t, "sport")
		w.sighted.add(2)
		w.pass(time.Second)
		w.want(t, totals(firstDay, 2, 0, "music", 2))
		w.want(t, totals(secondDay, 1, 2, "sport", 1))
	})
}

// Sightings of yesterday that reach the Counters late, and by another member.
func TestFlusherCarriesYesterdayLate(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.pass(24*time.Hour - time.Minute)
		w.start("a")
		w.pass(10 * time.Minute)
		if err := w.counters.AddSightings(t.Context(), firstDay, "b", 1, 5); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
		w.want(t, totals(firstDay, 0, 5))
	})
}

func TestFlusherSeedsADayThatTheCountersLost(t *testing.T) {
	tests := map[string]struct{ before, after int }{
		"nothing since":            {5, 0},
		"fewer since":              {5, 2},
		"as many since":            {5, 5},
		"more since, so unnoticed": {2, 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.start("a")
				for range tt.before {
					w.register(t, "music")
				}
				w.pass(time.Second)
				w.counters.lose()
				for range tt.after {
					w.register(t, "music")
				}
				w.pass(time.Second)
				w.register(t, "music")
				w.pass(time.Second)
				n := int64(tt.before + tt.after + 1)
				w.want(t, totals(firstDay, n, 0, "music", n))
				w.start("b") // seeds the same day, once more
				w.pass(time.Minute)
				w.want(t, totals(firstDay, n, 0, "music", n))
				w.wantCounters(t, totals(firstDay, n, 0, "music", n))
			})
		})
	}
}

func TestFlusherNeverMergesBeforeItSeeded(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		stored := totals(firstDay, 3, 4, "music", 3)
		if err := w.statistics.Merge(t.Context(), stored); err != nil {
			t.Fatal(err)
		}
		w.statistics.fail(errAway)
		w.start("a")
		for range 10 { // more than are stored: merged without the seed they would hide those
			w.register(t, "music")
		}
		w.pass(time.Minute)
		w.statistics.fail(nil)
		w.pass(time.Second)
		w.want(t, totals(firstDay, 13, 4, "music", 13))
	})
}

func TestFlushersShareTheWork(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		stopA := w.start("a")
		w.start("b") // both report w.sighted
		w.register(t, "music")
		w.sighted.add(5)
		w.pass(time.Minute)
		w.want(t, totals(firstDay, 1, 10, "music", 1))
		stopA()
		w.register(t, "music")
		w.sighted.add(1)
		w.pass(10 * time.Second)
		w.want(t, totals(firstDay, 2, 11, "music", 2))
	})
}

func TestFlusherCountsSightingsOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.start("a")
		w.sighted.add(2)
		w.counters.failAfterwards(errAway)
		w.pass(3 * time.Second)
		w.sighted.add(3) // while the first two wait
		w.pass(3 * time.Second)
		w.counters.failAfterwards(nil)
		w.pass(2 * time.Second)
		w.want(t, totals(firstDay, 0, 5))
		w.wantLog(t, "counts wait for a store that fails", "counts no longer wait for the store")
	})
}

func TestFlusherOfAProcessStartedAgainCounts(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for range 3 {
			stop := w.start("a")
			w.sighted.add(1)
			w.pass(time.Second)
			stop()
		}
		w.want(t, totals(firstDay, 0, 3))
	})
}

func TestFlusherFlushesOnceMoreAtItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		stop := w.start("a")
		w.pass(1500 * time.Millisecond)
		w.register(t, "music")
		w.sighted.add(4)
		stop()
		w.want(t, totals(firstDay, 1, 4, "music", 1))
		w.wantLog(t)
	})
}

func TestFlusherEndsAlthoughTheStatisticsHang(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		stop := w.start("a")
		w.pass(time.Second)
		w.statistics.fail(errHang)
		w.register(t, "music")
		w.pass(time.Second)
		begun := time.Now()
		stop()
		if took := time.Since(begun); took > 3*time.Second { // of the bubble's time
			t.Errorf("the end took %v", took)
		}
		w.wantLog(t, "counts wait for a store that fails")
	})
}

func TestFlusherDoesNotLogThatItsEndCutARoundOff(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		stop := w.start("a")
		w.statistics.fail(errHang)
		w.register(t, "music")
		w.pass(time.Second)
		w.statistics.fail(nil) // but the call under way goes on hanging
		stop()
		w.want(t, totals(firstDay, 1, 0, "music", 1))
		w.wantLog(t)
	})
}

func TestFlusherLogsNoHealingThatItDidNotSee(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.start("a")
		w.statistics.fail(errAway)
		w.register(t, "music")
		w.pass(5 * time.Second)
		w.counters.failAfterwards(errAway) // so that rounds end before the statistics' turn
		w.sighted.add(1)
		w.pass(5 * time.Second)
		w.wantLog(t, "store=statistics", "store=counters")
	})
}

func TestFlusherMergesOnlyWithTheLease(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		if leased, err := w.counters.Lease(t.Context(), "b", time.Minute); err != nil || !leased {
			t.Fatal(leased, err)
		}
		w.start("a")
		w.register(t, "music")
		w.sighted.add(2)
		w.pass(30 * time.Second)
		w.want(t, totals(firstDay, 0, 0))
		w.wantCounters(t, totals(firstDay, 1, 2, "music", 1))
		w.pass(30 * time.Second)
		w.want(t, totals(firstDay, 1, 2, "music", 1))
	})
}

func TestFlusherBringsNoForgottenDayBack(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		if err := w.statistics.Merge(t.Context(), totals("1999-12-31", 1, 1, "music", 1)); err != nil {
			t.Fatal(err)
		}
		w.start("a")
		w.pass(time.Minute)
		w.wantCounters(t, totals("1999-12-31", 0, 0))
	})
}

func TestFlusherSkipsADayThatTheStatisticsRefuse(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.statistics.refuse(secondDay)
		w.register(t, "music")
		w.pass(24 * time.Hour)
		w.register(t, "music")
		stop := w.start("a")
		w.pass(time.Minute)
		w.want(t, totals(firstDay, 1, 0, "music", 1))
		w.want(t, totals(secondDay, 0, 0))
		w.wantLog(t, "counts wait for a store that fails")
		stop()
		w.interval = 10 * time.Minute
		w.start("b")
		w.pass(48 * time.Hour)
		w.statistics.refuse("")
		w.pass(w.interval)
		w.want(t, totals(secondDay, 1, 0, "music", 1))
	})
}

// Whatever happens to the stores and the processes, no count is lost or
// counted twice, as long as the Counters lose only what was carried.
func TestFlusherLosesNothing(t *testing.T) {
	steps := []string{"register", "register", "sight", "away", "back", "lose", "restart", "wait", "sleep"}
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(rapid.SampledFrom(steps), 1, 25).Draw(rt, "steps") // less than a week of sleep
		var got, want map[persistence.Day]int64
		synctest.Test(t, func(t *testing.T) {
			w, end := newWorld(t, filepath.Join(t.TempDir(), "statistics.db"))
			defer end()
			got, want = w.play(t, script)
		})
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("sessions by day, and all sightings (-want +got):\n%s", diff)
		}
	})
}

// play takes the steps and returns the sessions by day, and under "" all
// sightings, as they are stored and as they should be.
func (w *world) play(t *testing.T, script []string) (got, want map[persistence.Day]int64) {
	t.Helper()
	w.interval = 10 * time.Minute
	settled := 5 * w.interval // longer than a lease
	got, want = map[persistence.Day]int64{}, map[persistence.Day]int64{}
	w.start("a")
	stop := w.start("b")
	for _, step := range script {
		switch step {
		case "register":
			w.register(t, "music")
			want[persistence.DayOf(time.Now())]++
		case "sight":
			w.sighted.add(1)
			want[""] += 2 // by each of the two
		case "away":
			w.statistics.fail(errAway)
		case "back":
			w.statistics.fail(nil)
		case "lose":
			w.statistics.fail(nil)
			w.pass(settled)
			w.counters.lose()
		case "restart":
			w.pass(w.interval) // what a process saw and never told died with it
			stop()
			stop = w.start("b")
		case "wait":
			w.pass(2 * w.interval)
		case "sleep":
			w.pass(6 * time.Hour)
		}
	}
	w.statistics.fail(nil)
	w.pass(settled)
	for _, day := range w.history(t) {
		if day.Sessions > 0 {
			got[day.Day] = day.Sessions
		}
		if day.Sightings > 0 {
			got[""] += day.Sightings
		}
	}
	return got, want
}

// The lag grows while a store is away, whether or not there is something to carry,
// and for nobody who waits for another one's lease.
func TestFlusherTellsItsLag(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var f persistence.Flusher
		if lag := f.Lag(); lag != 0 {
			t.Errorf("before it runs: %v", lag)
		}
		w.start("a")
		holder := w.newest
		w.start("b")
		other := w.newest
		lags := func(when string, wantHolder, wantOther time.Duration) {
			t.Helper()
			if a, b := holder.Lag(), other.Lag(); a != wantHolder || b != wantOther {
				t.Errorf("%s: %v and %v, not %v and %v", when, a, b, wantHolder, wantOther)
			}
		}
		w.pass(time.Second)
		lags("all is well", 0, 0)
		w.register(t, "music")
		w.statistics.fail(errAway)
		w.pass(time.Minute)
		lags("the statistics are away", time.Minute, 0)
		w.statistics.fail(nil)
		w.pass(time.Second)
		lags("they are back", 0, 0)
	})
}
