package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"i80.dk/sighej/admin"
	"i80.dk/sighej/wire"
)

type clusterCommand struct {
	Status clusterStatusCommand `cmd:"" help:"Who is in the cluster, and what each member holds."`
	Drain  clusterDrainCommand  `cmd:"" help:"Ask a member to hand its sessions over and leave."`
	Certs  clusterCertsCommand  `cmd:"" help:"Make the certificates with which members know each other."`
}

// Help is what `sighej cluster --help` tells beyond the commands.
func (clusterCommand) Help() string {
	return "status and drain ask one member, at its internal listener (ADMIN_LISTEN_ADDR), about all of them."
}

const (
	operatorPatience = 5 * time.Second // for an answer
	maxOperatorBody  = 4 << 20         // some 10,000 members
)

// operator asks a member at its internal listener.
type operator struct {
	Admin      string `default:"http://127.0.0.1:8001" placeholder:"URL" help:"The internal listener of any member. Default: ${default}."`
	AdminToken string `env:"ADMIN_TOKEN" placeholder:"SECRET" help:"Its bearer token, if it asks for one."`
}

// Validate checks what kong cannot.
func (o *operator) Validate() error {
	u, err := url.Parse(o.Admin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("--admin: must be like http://127.0.0.1:8001")
	}
	return nil
}

// members returns who is in the cluster, and the answer as it came.
func (o *operator) members(ctx context.Context) ([]admin.Member, []byte, error) {
	body, err := o.ask(ctx, http.MethodGet, "members")
	if err != nil {
		return nil, nil, err
	}
	var all admin.Members
	if err := json.Unmarshal(body, &all); err != nil || all.Members == nil {
		return nil, nil, o.notOurs()
	}
	for i := range all.Members {
		m := &all.Members[i]
		for _, text := range []*string{&m.ID, &m.Address, &m.Version, &m.State} {
			*text = strings.Map(visible, *text)
		}
	}
	return all.Members, body, nil
}

// ask sends a request and returns the body of an answer that says yes. A refusal
// is a *[refusal], no answer at all an *[url.Error] in the chain.
func (o *operator) ask(ctx context.Context, method string, path ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, operatorPatience)
	defer cancel()
	at, err := url.JoinPath(o.Admin, path...)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, at, nil)
	if err != nil {
		return nil, err
	}
	if o.AdminToken != "" {
		req.Header.Set("Authorization", "Bearer "+o.AdminToken)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w\nIs a member running, and is that its ADMIN_LISTEN_ADDR? --admin URL names another", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxOperatorBody))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusAccepted {
		return body, nil
	}
	return nil, o.refused(resp, body)
}

// refusal is a member's answer that says no.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

func (o *operator) refused(resp *http.Response, body []byte) error {
	var p wire.Problem
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&p); err != nil || p.Code == "" || p.Status != resp.StatusCode {
		return o.notOurs()
	}
	text := strings.Map(visible, p.Detail)
	switch p.Status {
	case http.StatusUnauthorized:
		text += "; set ADMIN_TOKEN or --admin-token"
	case http.StatusServiceUnavailable:
		text += "; try again in a moment"
	}
	return &refusal{p.Status, text}
}

func (o *operator) notOurs() error {
	return fmt.Errorf("what answers at %s is no internal listener of SigHej; --admin URL names another", o.Admin)
}
