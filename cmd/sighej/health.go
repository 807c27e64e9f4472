package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

type healthCommand struct {
	ListenAddr string        `env:"LISTEN_ADDR" default:"127.0.0.1:8000" placeholder:"HOST:PORT" help:"Where the member listens for phones. Default: ${default}."`
	Base       string        `placeholder:"URL" help:"Its address, where that is another one."`
	Ready      bool          `help:"Ask whether it may serve now, not only whether it lives."`
	Timeout    time.Duration `default:"3s" placeholder:"TIME" help:"How long it may take to answer. Default: ${default}."`
}

// Help is what `sighej health --help` tells beyond the flags.
func (healthCommand) Help() string {
	return "For supervisors and containers without a shell: exit status 0 when the member on this machine lives, or with " +
		"--ready may serve, else 1. Restart a member that does not live; only keep phones away from one that is not ready, " +
		"since it may be waiting for Redis or draining."
}

// Validate checks what kong cannot.
func (c *healthCommand) Validate() error {
	u, err := url.Parse(c.base())
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("--base: must be like http://127.0.0.1:8000")
	}
	if c.Timeout <= 0 {
		return errors.New("--timeout: must be more than 0")
	}
	return nil
}

func (c *healthCommand) base() string {
	if c.Base != "" {
		return c.Base
	}
	return "http://" + server.Dialable(c.ListenAddr)
}

// Run asks, prints a line and fails if the answer is no or none.
func (c *healthCommand) Run(ctx context.Context, std streams) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	path := "health"
	if c.Ready {
		path = "ready"
	}
	at, err := url.JoinPath(c.base(), path)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var h wire.Health
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil || json.Unmarshal(body, &h) != nil || h.Status == "" {
		return fmt.Errorf("what answers at %s is no member of SigHej", at)
	}
	tell(std.out, "%s", healthLine(h))
	if resp.StatusCode != http.StatusOK {
		return errTold
	}
	return nil
}

// healthLine is like "degraded: sessions ok, statistics unavailable".
func healthLine(h wire.Health) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(h.Components)) {
		parts = append(parts, name+" "+h.Components[name])
	}
	return strings.Map(visible, h.Status+": "+strings.Join(parts, ", "))
}
