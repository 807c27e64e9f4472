package transport

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

type (
	createInput struct {
		Body wire.CreateSession
	}
	createOutput struct {
		Body wire.SessionCreated
	}
	updateInput struct {
		Body          wire.UpdateSession
		authorization string
	}
	rotateInput struct {
		Body          wire.RotateSession
		authorization string
	}
	stateOutput struct {
		Body wire.SessionState
	}
)

// faultsKey is where an operation keeps Config.Faults, for its input to find.
const faultsKey = "faults"

// Resolve adds what is wrong with the labels to what the schema found, so that
// one answer names it all.
func (in *createInput) Resolve(ctx huma.Context) []error {
	faults, ok := ctx.Operation().Metadata[faultsKey].(func([]string) []sighej.InvalidField)
	if !ok || faults == nil {
		return nil
	}
	return fields(faults(in.Body.Interests))
}

// Resolve is called by the framework for each request.
func (in *updateInput) Resolve(ctx huma.Context) []error {
	in.authorization = ctx.Header("Authorization")
	return nil
}

// Resolve is called by the framework for each request.
func (in *rotateInput) Resolve(ctx huma.Context) []error {
	in.authorization = ctx.Header("Authorization")
	return nil
}

func (a *api) sessionRoutes() {
	serve(a, operation{
		id: "create-session", method: http.MethodPost, path: "/session", tag: tagSessions,
		summary: "Be open to talk",
		text: "Registers the token that the phone broadcasts, with its interests, until `expires_at`. " +
			"The access token in the answer is the only proof that the session is yours and is not shown again.",
		status: http.StatusCreated, request: exampleCreate, answer: exampleCreated,
		refusals: []sighej.Code{sighej.CodeTokenLive, sighej.CodeRateLimited, sighej.CodeUnavailable},
		metadata: map[string]any{faultsKey: a.cfg.Faults}, before: a.limitRegistrations,
	}, a.createSession)
	serve(a, operation{
		id: "get-session", method: http.MethodGet, path: "/session", tag: tagSessions,
		summary: "See your own session", answer: exampleState,
		secured: true, refusals: []sighej.Code{sighej.CodeUnavailable},
	}, a.getSession)
	serve(a, operation{
		id: "update-session", method: http.MethodPatch, path: "/session", tag: tagSessions,
		summary: "Give or withdraw consent",
		text: "While `open_to_talk` is false nobody is matched with you and whoever hears you gets the neutral answer. " +
			"Nudges about you that no phone has acknowledged are withdrawn; the session and its own nudges stay.",
		request: exampleUpdate, answer: exampleState,
		secured: true, refusals: []sighej.Code{sighej.CodeUnavailable},
	}, a.updateSession)
	serve(a, operation{
		id: "rotate-session", method: http.MethodPost, path: "/session/rotate", tag: tagSessions,
		summary: "Take another token",
		text: "From now on the phone broadcasts and is heard by `ble_token`, under a new radio address: nobody can follow it by either. " +
			"The token before stays good for sightings for a minute. Matches, nudges, the WebSocket, the access token and `expires_at` " +
			"stay as they are. Asking again for the same token is no error.",
		request: exampleRotate, answer: exampleRotated,
		secured: true, refusals: []sighej.Code{sighej.CodeTokenLive, sighej.CodeUnavailable},
	}, a.rotateSession)
	serve(a, operation{
		id: "forget-session", method: http.MethodDelete, path: "/session", tag: tagSessions,
		summary: "Forget everything now",
		text:    "Ends the session and leaves nothing of it, its matches or its nudges.",
		status:  http.StatusNoContent,
		secured: true, refusals: []sighej.Code{sighej.CodeUnavailable},
	}, a.forgetSession)
}

func (a *api) createSession(ctx context.Context, in *createInput) (*createOutput, error) {
	r, err := a.cfg.Sessions.Register(ctx, sighej.NewSession{
		Token:     sighej.Token(in.Body.BLEToken),
		Interests: in.Body.Interests,
		Open:      in.Body.OpenToTalk == nil || *in.Body.OpenToTalk,
	})
	if err != nil {
		return nil, err
	}
	return &createOutput{wire.SessionCreated{
		SessionID: r.ID.String(), ExpiresAt: r.ExpiresAt.UTC(), AccessToken: string(r.Access),
	}}, nil
}

func (a *api) getSession(ctx context.Context, in *own) (*stateOutput, error) {
	return state(a.cfg.Sessions.Describe(ctx, a.caller(in.authorization, "")))
}

func (a *api) updateSession(ctx context.Context, in *updateInput) (*stateOutput, error) {
	return state(a.cfg.Sessions.SetOpen(ctx, a.caller(in.authorization, ""), in.Body.OpenToTalk))
}

func (a *api) rotateSession(ctx context.Context, in *rotateInput) (*stateOutput, error) {
	return state(a.cfg.Sessions.Rotate(ctx, a.caller(in.authorization, ""), sighej.Token(in.Body.BLEToken)))
}

func (a *api) forgetSession(ctx context.Context, in *own) (*struct{}, error) {
	return nil, a.cfg.Sessions.Forget(ctx, a.caller(in.authorization, ""))
}

func state(s sighej.Standing, err error) (*stateOutput, error) {
	if err != nil {
		return nil, err
	}
	return &stateOutput{wire.SessionState{
		SessionID: s.Key.ID.String(), BLEToken: string(s.Token), ExpiresAt: s.ExpiresAt.UTC(), OpenToTalk: s.Open,
		Interests: orEmpty(s.Interests), Pending: s.Pending,
	}}, nil
}
