package phone

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

const (
	patience  = 15 * time.Second // for an answer, when the caller has less sense of time
	maxAnswer = 1 << 20          // bytes of an answer that are read; the largest of the contract is a quarter of it
)

// Match reports that token was heard (POST /match) and returns what became of
// it. It blocks for the round trip.
func (p *Phone) Match(ctx context.Context, token sighej.Token) (wire.MatchResult, error) {
	var result wire.MatchResult
	err := p.call(ctx, http.MethodPost, "/match",
		wire.MatchRequest{OwnToken: string(p.Token()), DetectedToken: string(token)}, &result)
	return result, err
}

// State returns the session as the server has it.
func (p *Phone) State(ctx context.Context) (wire.SessionState, error) {
	var state wire.SessionState
	err := p.call(ctx, http.MethodGet, "/session", nil, &state)
	return state, err
}

// SetOpen gives or takes back the consent to be matched.
func (p *Phone) SetOpen(ctx context.Context, open bool) error {
	return p.call(ctx, http.MethodPatch, "/session", wire.UpdateSession{OpenToTalk: open}, nil)
}

// Block makes the session and the one that a nudge is about never meet again, as
// long as this one lives; the other is not told. [sighej.CodeNotFound] when the
// session never got that nudge, or the server does not know how.
func (p *Phone) Block(ctx context.Context, nudge string) error {
	return p.call(ctx, http.MethodPost, "/block", wire.NudgeReference{ID: nudge}, nil)
}

// Wave says hi to whom a nudge without interests is about. Once both have waved,
// another nudge names what they share; before that nobody learns of it. The errors
// are those of Block.
func (p *Phone) Wave(ctx context.Context, nudge string) error {
	return p.call(ctx, http.MethodPost, "/wave", wire.NudgeReference{ID: nudge}, nil)
}

// Forget ends the session: the server forgets everything about it, and Run
// returns.
func (p *Phone) Forget(ctx context.Context) error {
	return p.call(ctx, http.MethodDelete, "/session", nil, nil)
}

// Rotate gives the session another token (POST /session/rotate), which must be in
// the air from then on; sightings of the one before count for another minute. The
// session, its connection and its nudges stay. A server without rotation refuses
// with [sighej.CodeNotFound] or [sighej.CodeMethodNotAllowed], and the token
// stays. After [sighej.CodeUnavailable] the server may have either: calling it
// again with the same token settles that, for then a token that is live already
// is this session's, and so does the next connection, see [Phone.Token]. It must
// not run twice at a time.
func (p *Phone) Rotate(ctx context.Context, token sighej.Token) error {
	var state wire.SessionState
	err := p.call(ctx, http.MethodPost, "/session/rotate", wire.RotateSession{BLEToken: string(token)}, &state)
	code := sighej.CodeOf(err)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil || code == sighej.CodeTokenLive && p.unsure == token {
		p.token, p.unsure = token, ""
		return nil
	}
	if code == sighej.CodeUnavailable {
		p.unsure = token
	}
	return err
}

// call asks the server and reads a good answer into answer, unless that is nil.
func (p *Phone) call(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(wire.Encode(body))
	}
	req, err := http.NewRequestWithContext(ctx, method, p.base.String()+path, content)
	if err != nil {
		return sighej.Errorf(sighej.CodeInvalid, "making the request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	p.authorize(req.Header)
	res, err := p.cfg.HTTPClient.Do(req)
	if err != nil {
		return sighej.Errorf(sighej.CodeUnavailable, "the server cannot be reached: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if now, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		p.ahead.Store(int64(now.Sub(p.cfg.Clock().Round(0))))
	}
	return readAnswer(res, answer)
}

// authorize adds the credential, as soon as there is one.
func (p *Phone) authorize(h http.Header) {
	switch {
	case p.cfg.Auth == None:
		h.Set("Authorization", "Bearer "+string(p.Token())) // says whose session it is where no body does
	case p.access != "":
		h.Set("Authorization", "Bearer "+string(p.access))
	}
}

func readAnswer(res *http.Response, answer any) error {
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return sighej.Errorf(sighej.CodeUnavailable, "the answer broke off: %w", err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return refusal(res, text)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return sighej.Errorf(sighej.CodeMalformed, "the answer with status %d is not of the contract", res.StatusCode)
	}
	return nil
}

// refusal turns an answer into the error that it tells: a problem of RFC 9457,
// or, from whatever stands in between, a bare status.
func refusal(res *http.Response, text []byte) *sighej.Error {
	var problem wire.Problem
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if kind != "application/problem+json" || json.Unmarshal(text, &problem) != nil || problem.Code == "" {
		problem = wire.Problem{Code: string(codeOfStatus(res.StatusCode)), Detail: "the server answered " + res.Status}
	}
	e := sighej.Errorf(sighej.Code(problem.Code), "%s", cmp.Or(problem.Detail, problem.Title, res.Status))
	for _, f := range problem.Errors {
		e.Fields = append(e.Fields, sighej.InvalidField{Path: f.Location, Message: f.Message})
	}
	return e.After(retryAfter(res.Header))
}

// codeOfStatus is the nearest code to a status that came without one.
func codeOfStatus(status int) sighej.Code {
	switch status {
	case http.StatusUnauthorized:
		return sighej.CodeUnauthorized
	case http.StatusForbidden:
		return sighej.CodeForbidden
	case http.StatusNotFound:
		return sighej.CodeNotFound
	case http.StatusTooManyRequests:
		return sighej.CodeRateLimited
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return sighej.CodeUnavailable
	}
	if status >= 400 && status < 500 {
		return sighej.CodeInvalid
	}
	return sighej.CodeInternal
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
