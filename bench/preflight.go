package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"i80.dk/sighej/bench/ledger"
	"i80.dk/sighej/bench/probe"
	"i80.dk/sighej/wire"
)

const (
	askPatience = 5 * time.Second
	maxPage     = 4 << 20
)

// words are what phones choose from where the server tells of no catalogue.
const words = `astronomy baking ballet baseball basketball beekeeping biology birdwatching board-games boxing brewing calligraphy
camping canoeing cats ceramics chemistry chess cinema climbing coffee comics cooking cricket crochet cryptography cycling dance
debating design devops diving dogs drawing economics electronics fashion fencing fishing folk football foraging gardening geology
gin go golf guitar gymnastics hardstyle hiking history hockey horses improv jazz judo juggling karate kayaking kites knitting law
linguistics magic mathematics meditation metal mountaineering museums opera origami painting parkour philosophy photography physics
piano pilates poetry politics pottery psychology punk quizzes rap reading robotics rowing rugby running sailing salsa science
sculpture sewing singing skating skiing slam snooker soccer squash sudoku surfing swimming table-tennis tango tattoos tea techno
tennis theatre trains travel triathlon typography urbanism volleyball whisky wine woodworking wrestling writing yoga zoology`

// ask gets a page of the server; a body over maxPage is cut.
func ask(ctx context.Context, address string) (status int, kind string, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, "", nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", nil, err
	}
	defer func() { _ = res.Body.Close() }()
	kind, _, _ = mime.ParseMediaType(res.Header.Get("Content-Type"))
	body, err = io.ReadAll(io.LimitReader(res.Body, maxPage))
	return res.StatusCode, kind, body, err
}

// preflight finds out whether the target is a server of the contract, and what
// phones may choose from.
func (t *target) preflight(ctx context.Context) error {
	for _, base := range t.Bases {
		if err := healthy(ctx, base); err != nil {
			return err
		}
	}
	t.labels = catalogue(ctx, t.Bases[0])
	return nil
}

// healthy: GET /health is 200 with a JSON object that has a status, as the
// contract wants it and as every implementation of it has.
func healthy(ctx context.Context, base string) error {
	status, kind, body, err := ask(ctx, strings.TrimSuffix(base, "/")+"/health")
	if err != nil {
		return unreachable(base, err)
	}
	var health struct {
		Status string `json:"status"`
	}
	switch {
	case status == http.StatusServiceUnavailable:
		return fmt.Errorf("the server at %s says that it is not healthy: %.200s", base, body)
	case status != http.StatusOK:
		return fmt.Errorf("what answers at %s is no SigHej server: GET /health gave status %d", base, status)
	case json.Unmarshal(body, &health) != nil || health.Status == "":
		return fmt.Errorf("what answers at %s is no SigHej server: GET /health gave %s, not a JSON object with a status", base, orNothing(kind))
	}
	return nil
}

func orNothing(kind string) string {
	if kind == "" {
		return "no content type"
	}
	return kind
}

func unreachable(base string, err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		err = failed.Err
	}
	return fmt.Errorf("no server answers at %s: %w; start one, or name another with --base", base, err)
}

// catalogue returns the labels of GET /interests, or words of our own.
func catalogue(ctx context.Context, base string) []string {
	const most = ledger.MaxLabels
	status, _, body, err := ask(ctx, strings.TrimSuffix(base, "/")+"/interests")
	var list wire.Interests
	if err != nil || status != http.StatusOK || json.Unmarshal(body, &list) != nil || len(list.Interests) < 50 {
		return strings.Fields(words)
	}
	labels := make([]string, 0, most)
	for _, interest := range list.Interests[:min(most, len(list.Interests))] {
		labels = append(labels, interest.Label)
	}
	return labels
}

// watch finds what can be known of the target's processes: those that listen at
// its addresses on this machine and those that were named beside them, or else
// its metrics pages, where they answer or were named.
func (t *target) watch() (*probe.Watcher, error) {
	cfg := probe.Config{PIDs: t.pids, Metrics: t.metrics, Client: &http.Client{Timeout: askPatience}}
	if len(t.metrics) == 0 {
		listening := cfg
		listening.PIDs = union(t.pids, t.listeners())
		if w, err := probe.NewWatcher(listening); err == nil && len(listening.PIDs) > 0 {
			return w, nil
		}
	}
	if len(t.pids) > 0 || len(t.metrics) > 0 {
		w, err := probe.NewWatcher(cfg)
		if err != nil {
			return nil, fmt.Errorf("watching the server: %w", err)
		}
		return w, nil
	}
	for _, base := range t.Bases {
		cfg.Metrics = append(cfg.Metrics, strings.TrimSuffix(base, "/")+"/metrics")
	}
	if w, err := probe.NewWatcher(cfg); err == nil {
		return w, nil
	}
	return probe.NewWatcher(probe.Config{}) // the machine alone
}

// listeners returns who listens at the target's addresses, as far as that is on
// this machine and may be known.
func (t *target) listeners() (pids []int) {
	for _, base := range t.Bases {
		if u, err := url.Parse(base); err == nil {
			here, _ := probe.Listener(u)
			pids = append(pids, here...)
		}
	}
	return pids
}

// union returns the numbers of both, each once, in their order.
func union(a, b []int) (all []int) {
	for _, n := range append(slices.Clone(a), b...) {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}
