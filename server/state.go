package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"i80.dk/sighej/interest"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/wire"
)

// pingTime is how long a store may take to show that it is there.
const pingTime = time.Second

// readiness tells whether this member may serve.
type readiness struct {
	stores   stores
	sessions *sessions
	among    bool // others: this is a member of a cluster
	draining atomic.Bool
}

// health tells how the parts are. Without the sessions' store nothing new can
// begin; without the statistics' only their age changes.
func (r *readiness) health(ctx context.Context) wire.Health {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	word := map[bool]string{true: "ok", false: "unavailable"}
	sessions, statistics := r.stores.sessions.Ping(ctx) == nil, r.stores.statistics.Ping(ctx) == nil
	h := wire.Health{Status: "ok", Components: map[string]string{"sessions": word[sessions], "statistics": word[statistics]}}
	serves := true
	if r.among {
		_, err := r.sessions.serving()
		serves = err == nil
		h.Components["cluster"] = word[serves]
	}
	switch {
	case r.draining.Load():
		h.Status = "draining"
	case !sessions || !serves:
		h.Status = "unavailable"
	case !statistics:
		h.Status = "degraded"
	}
	return h
}

func (r *readiness) ready(ctx context.Context) (wire.Health, bool) {
	h := r.health(ctx)
	return h, h.Status == "ok" || h.Status == "degraded"
}

// topCategories is how many categories the counts name.
const topCategories = 10

// counts reads the day's anonymous counts.
type counts struct{ store sessionStore }

func (c counts) today(ctx context.Context) (wire.Stats, error) {
	totals, err := c.store.Totals(ctx, persistence.DayOf(c.store.Now()))
	if err != nil {
		return wire.Stats{}, err
	}
	active, err := c.store.Active(ctx)
	if err != nil {
		return wire.Stats{}, err
	}
	return wire.Stats{
		TotalSessionsToday: totals.Sessions, TotalMatchesToday: totals.Matches, TotalSightingsToday: totals.Sightings,
		TopInterestCategories: top(totals.Categories), ActiveSessionsNow: active,
	}, nil
}

// top returns the most frequent categories, equals by name.
func top(counts map[string]int64) []string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return append([]string{}, names[:min(len(names), topCategories)]...)
}

// lexicon builds the interests' lexicon and the catalogue as phones see it.
func (o Options) lexicon() (*interest.Lexicon, []wire.Interest, error) {
	catalogue := interest.Default()
	if o.Catalogue != "" {
		f, err := os.Open(o.Catalogue)
		if err != nil {
			return nil, nil, fmt.Errorf("CATALOGUE (--catalogue): %w", err)
		}
		defer func() { _ = f.Close() }()
		if catalogue, err = interest.ParseCatalogue(f); err != nil {
			return nil, nil, fmt.Errorf("CATALOGUE (--catalogue): %w", err)
		}
	}
	key, err := Key(o.DataDir, o.InterestKey)
	if err != nil {
		return nil, nil, err
	}
	var list []wire.Interest
	for _, e := range catalogue.Entries() {
		list = append(list, wire.Interest{Label: e.Label, Category: e.Category})
	}
	return interest.NewLexicon(catalogue, key, o.CatalogueOnly()), list, nil
}
