package transport

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// nudgeInput names a nudge that the caller's session got.
type nudgeInput struct {
	Body          wire.NudgeReference
	authorization string
}

// Resolve is called by the framework for each request.
func (in *nudgeInput) Resolve(ctx huma.Context) []error {
	in.authorization = ctx.Header("Authorization")
	return nil
}

func (a *api) nudgeRoutes() {
	serve(a, operation{
		id: "block", method: http.MethodPost, path: "/block", tag: tagNudges,
		summary: "Never meet that one again",
		text: "Whom the nudge was about and you are never matched again and get neutral answers about each other, " +
			"as long as your session lives. The other is not told. Acknowledged or not, the nudge does not come again.",
		status: http.StatusNoContent, request: exampleNudge,
		secured: true, refusals: []sighej.Code{sighej.CodeUnavailable, sighej.CodeOverloaded},
	}, a.block)
	serve(a, operation{
		id: "wave", method: http.MethodPost, path: "/wave", tag: tagNudges,
		summary: "Say hi to whom a nudge is about",
		text: "Where the operator has nudges name no interests at first, both have to wave. Then both get another nudge that names what " +
			"they share, at once. Before that the other learns nothing, and neither does this answer tell whether the other has waved. " +
			"Waving at a nudge that names its interests does nothing.",
		status: http.StatusNoContent, request: exampleNudge,
		secured: true, refusals: []sighej.Code{sighej.CodeUnavailable, sighej.CodeOverloaded},
	}, a.wave)
}

func (a *api) wave(ctx context.Context, in *nudgeInput) (*struct{}, error) {
	id, err := sighej.ParseNudgeID(in.Body.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.cfg.Sessions.Wave(ctx, a.caller(in.authorization, ""), id)
}

func (a *api) block(ctx context.Context, in *nudgeInput) (*struct{}, error) {
	id, err := sighej.ParseNudgeID(in.Body.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.cfg.Sessions.Block(ctx, a.caller(in.authorization, ""), id)
}
