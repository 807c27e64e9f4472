package transport

import (
	"context"
	"net/http"

	"i80.dk/sighej"
	"i80.dk/sighej/transport/asset"
	"i80.dk/sighej/wire"
)

type (
	nothing      struct{}
	healthOutput struct {
		Body wire.Health
	}
	readyOutput struct {
		Status     int
		RetryAfter string `header:"Retry-After" hidden:"true"`
		Body       wire.Health
	}
	statsOutput struct {
		Body wire.Stats
	}
)

func (a *api) serviceRoutes() {
	a.describeInterests()
	a.mux.Handle("GET /interests", asset.New(wire.Encode(a.interests()), "application/json", asset.Brief))
	serve(a, operation{
		id: "health", method: http.MethodGet, path: "/health", tag: tagService,
		summary: "Is this member alive?", text: "Always 200 while it can answer at all.", answer: exampleHealth,
	}, func(ctx context.Context, _ *nothing) (*healthOutput, error) {
		return &healthOutput{whole(a.cfg.Health(ctx))}, nil
	})
	serve(a, operation{
		id: "ready", method: http.MethodGet, path: "/ready", tag: tagService,
		summary: "May this member be sent phones?",
		text:    "503, with the same body, until it may serve and while it drains.", answer: exampleHealth,
	}, a.ready)
	serve(a, operation{
		id: "stats", method: http.MethodGet, path: "/stats", tag: tagService,
		summary: "Anonymous counts of the UTC day",
		text:    "Opened by the admin token. Without one set there is no such page here.", answer: exampleStats,
		admin: true, refusals: []sighej.Code{sighej.CodeNotFound, sighej.CodeUnavailable},
	}, a.stats)
}

// interests is the catalogue as its page shows it.
func (a *api) interests() wire.Interests {
	if a.cfg.Interests == nil {
		return wire.Interests{Interests: []wire.Interest{}}
	}
	return wire.Interests{Interests: a.cfg.Interests}
}

func (a *api) ready(ctx context.Context, _ *nothing) (*readyOutput, error) {
	health, ready := a.cfg.Ready(ctx)
	if !ready {
		return &readyOutput{Status: http.StatusServiceUnavailable, RetryAfter: "1", Body: whole(health)}, nil
	}
	return &readyOutput{Status: http.StatusOK, Body: whole(health)}, nil
}

func (a *api) stats(ctx context.Context, in *own) (*statsOutput, error) {
	if err := a.admit(in.authorization); err != nil {
		return nil, err
	}
	s, err := a.cfg.Stats(ctx)
	s.TopInterestCategories = orEmpty(s.TopInterestCategories)
	return &statsOutput{s}, err
}

// whole keeps null out of an answer.
func whole(h wire.Health) wire.Health {
	if h.Components == nil {
		h.Components = map[string]string{}
	}
	return h
}
