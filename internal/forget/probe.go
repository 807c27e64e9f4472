package forget

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// probe is a session that is there to be forgotten.
type probe struct {
	name, base, token string
	labels            []string // to be searched for; none that are common words
	created           wire.SessionCreated
}

// register registers a probe with a label that nobody else has and the common one,
// or, where only the catalogue is accepted, with an interest of that.
func register(ctx context.Context, name, base, common string) (*probe, error) {
	p := &probe{name: name, base: strings.TrimSuffix(base, "/"), token: string(sighej.NewToken())}
	p.labels = []string{common, invented()}
	status, err := p.call(ctx, http.MethodPost, "/session", wire.CreateSession{BLEToken: p.token, Interests: p.labels}, &p.created)
	if status == http.StatusUnprocessableEntity {
		p.labels = nil
		var known wire.Interests
		if _, err = p.call(ctx, http.MethodGet, "/interests", nil, &known); err == nil && len(known.Interests) > 0 {
			_, err = p.call(ctx, http.MethodPost, "/session", wire.CreateSession{
				BLEToken: p.token, Interests: []string{known.Interests[0].Label},
			}, &p.created)
		}
	}
	return p, err
}

// invented is a label that nobody has thought of.
func invented() string { return "probe " + strings.ToLower(string(sighej.NewToken())) }

// sees reports having heard another probe, and makes sure that it was a match.
func (p *probe) sees(ctx context.Context, other *probe) error {
	var result wire.MatchResult
	_, err := p.call(ctx, http.MethodPost, "/match", wire.MatchRequest{OwnToken: p.token, DetectedToken: other.token}, &result)
	if err == nil && !result.Match {
		err = fmt.Errorf("the two probes were not matched")
	}
	return err
}

// rotate takes another token.
func (p *probe) rotate(ctx context.Context) error {
	p.token = string(sighej.NewToken())
	_, err := p.call(ctx, http.MethodPost, "/session/rotate", wire.RotateSession{BLEToken: p.token}, nil)
	return err
}

func (p *probe) forget(ctx context.Context) error {
	_, err := p.call(ctx, http.MethodDelete, "/session", nil, nil)
	return err
}

// secrets are what the phone itself knows of its session.
func (p *probe) secrets() []Secret {
	all := []Secret{
		Text(p.name+": token", p.token), Text(p.name+": session id", p.created.SessionID),
		Text(p.name+": access token", p.created.AccessToken),
	}
	if id, err := sighej.ParseSessionID(p.created.SessionID); err == nil {
		all = append(all, Secret{p.name + ": session id in 16 bytes", id[:]})
	}
	for _, label := range p.labels {
		all = append(all, Text(p.name+": interest", label))
	}
	return all
}

// callTime is how long a call may take.
const callTime = 15 * time.Second

// call sends a JSON body, if there is one, and reads the answer into answer. A
// status that is no success is an error.
func (p *probe) call(ctx context.Context, method, path string, body, answer any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(wire.Encode(body))
	}
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, content)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if p.created.AccessToken != "" {
		req.Header.Set("Authorization", "Bearer "+p.created.AccessToken)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusBadRequest {
		return resp.StatusCode, fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	if answer == nil {
		return resp.StatusCode, nil
	}
	return resp.StatusCode, json.NewDecoder(resp.Body).Decode(answer)
}
