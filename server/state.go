package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"i80.dk/sighej/admin"
	"i80.dk/sighej/interest"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/wire"
)

// pingTime is how long a store may take to show that it is there.
const pingTime = time.Second

// stateOK is what a component is that can be used.
const stateOK = "ok"

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
	word := map[bool]string{true: stateOK, false: "unavailable"}
	sessions, statistics := r.reachable(ctx)
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

// reachable asks the stores at the same time: one that hangs must not take the
// other's.
func (r *readiness) reachable(ctx context.Context) (sessions, statistics bool) {
	other := make(chan bool, 1)
	go func() { other <- r.stores.statistics.Ping(ctx) == nil }()
	sessions = r.stores.sessions.Ping(ctx) == nil
	return sessions, <-other
}

func (r *readiness) ready(ctx context.Context) (wire.Health, bool) {
	h := r.health(ctx)
	return h, h.Status == "ok" || h.Status == "degraded"
}

// counts reads the day's anonymous counts.
type counts struct {
	store sessionStore
	floor *admin.Floor
}

func (c counts) today(ctx context.Context) (admin.Today, error) {
	totals, err := c.store.Totals(ctx, persistence.DayOf(c.store.Now()))
	if err != nil {
		return admin.Today{}, err
	}
	active, err := c.store.Active(ctx)
	return admin.Today{Totals: totals, Active: active}, err
}

func (c counts) stats(ctx context.Context) (wire.Stats, error) {
	today, err := c.today(ctx)
	if err != nil {
		return wire.Stats{}, err
	}
	return today.Stats(c.floor), nil
}

// parts are what the components of a member's health are.
func (o Options) parts() map[string]string {
	parts := map[string]string{"sessions": "this process", "statistics": "SQLite", "cluster": "membership"}
	if o.RedisURL != "" {
		parts["sessions"] = "Redis"
	}
	if o.DatabaseURL != "" {
		parts["statistics"] = "PostgreSQL"
	}
	return parts
}

// floor keeps small counts of the catalogue's categories from being told. Its key
// is made of the one for interests, which all members share.
func (o Options) floor(catalogue []wire.Interest) (*admin.Floor, error) {
	key, err := Key(o.DataDir, o.InterestKey)
	if err != nil {
		return nil, err
	}
	var categories []string
	for _, i := range catalogue {
		if !slices.Contains(categories, i.Category) {
			categories = append(categories, i.Category)
		}
	}
	if !o.CatalogueOnly() && !slices.Contains(categories, interest.Other) {
		categories = append(categories, interest.Other)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("sighej: key of the floor"))
	return admin.NewFloor(o.StatsFloor, mac.Sum(nil), categories), nil
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
