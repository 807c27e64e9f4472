package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"i80.dk/sighej"
	"i80.dk/sighej/admin"
	"i80.dk/sighej/cluster"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/wire"
)

// served is a started member of a cluster.
type served struct {
	*program
	public, admin, cluster string // URLs, and what the welcome says of the cluster
}

// startMember starts a member beside that Redis and waits until it is ready.
func startMember(t *testing.T, redis *testservers.RedisServer, args ...string) *served {
	t.Helper()
	args = append([]string{
		"serve", "--listen-addr=127.0.0.1:0", "--admin-listen-addr=127.0.0.1:0", "--cluster-listen-addr=127.0.0.1:0",
		"--redis-url=" + redis.URL(), "--interest-key=" + strings.Repeat("k", 32),
	}, args...)
	m := &served{program: start(t, args...)}
	for m.cluster == "" {
		what, said, _ := strings.Cut(strings.TrimSpace(m.line()), "   ")
		switch said = strings.TrimSpace(said); what {
		case "the contract":
			m.public = strings.TrimSuffix(said, "/docs")
		case "statistics":
			m.admin = strings.TrimSuffix(strings.TrimSpace(said), "/")
		case "the cluster":
			m.cluster = said
		}
	}
	until(t, "the member to be ready", func() bool {
		resp, err := http.Get(m.public + "/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == 200
	})
	return m
}

// until polls.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end, tick := time.After(patienceOfTests), time.Tick(10*time.Millisecond); !ok(); {
		select {
		case <-tick:
		case <-end:
			t.Fatal("in vain: ", what)
		}
	}
}

// post sends JSON as a phone does.
func (m *served) post(path, access string, body, answer any) int {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, m.public+path, bytes.NewReader(wire.Encode(body)))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if access != "" {
		req.Header.Set("Authorization", "Bearer "+access)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		m.t.Fatal(err)
	}
	return resp.StatusCode
}

// status returns the members that one of them tells of with --json.
func (m *served) status() (all []admin.Member) {
	m.t.Helper()
	code, out, errs := output(m.t, command(m.t, nil, "cluster", "status", "--json", "--admin", m.admin))
	var told admin.Members
	if err := json.Unmarshal([]byte(out), &told); code != 0 || err != nil {
		m.t.Fatalf("status %d, %q, %q", code, out, errs)
	}
	return told.Members
}

// id returns the id of this member.
func (m *served) id() string {
	m.t.Helper()
	for _, other := range m.status() {
		if other.Self {
			return other.ID
		}
	}
	m.t.Fatal("it does not tell of itself")
	return ""
}

// tokenOf returns a token that lives on the member with that id.
func tokenOf(all []admin.Member, id string) string {
	var members []cluster.Member
	for _, m := range all {
		members = append(members, cluster.Member{ID: m.ID, State: cluster.State(m.State)})
	}
	for view := cluster.NewView(members); ; {
		if token := sighej.NewToken(); view.Owns(id, sighej.Partition(token)) {
			return string(token)
		}
	}
}

func TestClusterStatusAndDrain(t *testing.T) {
	redis := testservers.Redis(t)
	a, b := startMember(t, redis), startMember(t, redis)
	if a.cluster != "127.0.0.1 on a free port; who is in it: "+a.cmd.Path+" cluster status --admin "+a.admin {
		t.Errorf("the welcome says %q", a.cluster)
	}
	until(t, "both to be there", func() bool { return len(a.status()) == 2 })
	idA, idB := a.id(), b.id()
	code, out, errs := output(t, command(t, nil, "cluster", "status", "--admin", a.admin))
	if code != 0 || !strings.Contains(out, "\n* "+idA+"  127.0.0.1:") || !strings.Contains(out, "\n  "+idB+"  127.0.0.1:") ||
		!strings.Contains(out, "\n2 members, 0 sessions, ") || errs != "" {
		t.Errorf("status %d, %s, %s", code, out, errs)
	}

	code, out, errs = output(t, command(t, nil, "cluster", "drain", idB[:12], "--admin", a.admin))
	if code != 0 || !strings.HasPrefix(out, "asked "+idB+" to drain\n") || !strings.Contains(out, "\nit has left after ") || errs != "" {
		t.Errorf("status %d, %s, %s", code, out, errs)
	}
	if code, _ := b.exit(); code != 0 {
		t.Errorf("the drained member ended with %d: %s", code, b.complaints())
	}
	if all := a.status(); len(all) != 1 || all[0].ID != idA || all[0].Partitions != sighej.Partitions {
		t.Errorf("left: %+v", all)
	}

	code, out, errs = output(t, command(t, nil, "cluster", "drain", idB, "--admin", a.admin))
	if code != exitFailure || out != "" || !strings.Contains(errs, "no member's id begins with") {
		t.Errorf("status %d, %s, %s", code, out, errs)
	}
	code, out, _ = output(t, command(t, nil, "cluster", "drain", idA, "--admin", a.admin))
	if code != 0 || !strings.Contains(out, "\nit does not answer any more after ") {
		t.Errorf("status %d, %s", code, out)
	}
	if code, _ := a.exit(); code != 0 {
		t.Errorf("the drained member ended with %d: %s", code, a.complaints())
	}
}

func TestClusterOfOneAlone(t *testing.T) {
	p := start(t, "serve", "--listen-addr", "127.0.0.1:0", "--admin-listen-addr", "127.0.0.1:0")
	var at string
	for at == "" {
		if _, url, ok := strings.Cut(p.line(), "statistics     "); ok {
			at = strings.TrimSuffix(url, "/")
		}
	}
	m := &served{program: p, admin: at}
	id := m.id()
	code, _, errs := output(t, command(t, nil, "cluster", "drain", id, "--admin", at))
	if code != exitFailure || !strings.Contains(errs, "in no cluster; stop its process with SIGTERM") {
		t.Errorf("status %d, %s", code, errs)
	}
}

// TestClusterFailures has servers that are not as they should be.
func TestClusterFailures(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	foreign := httptest.NewServer(http.NotFoundHandler())
	defer foreign.Close()
	empty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	defer empty.Close()
	asked := make(chan string, 8)
	ours := httptest.NewServer(twoAlike(func(id string) { asked <- id }))
	defer ours.Close()
	moved := httptest.NewServer(http.RedirectHandler(ours.URL+"/members", http.StatusFound))
	defer moved.Close()
	for _, c := range []struct {
		name string
		env  []string
		args []string
		exit int
		want string
	}{
		{"no server", nil, []string{"status", "--admin", gone.URL}, exitFailure, "ADMIN_LISTEN_ADDR"},
		{"not ours", nil, []string{"status", "--admin", foreign.URL}, exitFailure, "is no internal listener of SigHej"},
		{"other JSON", nil, []string{"drain", "x", "--admin", empty.URL}, exitFailure, "is no internal listener of SigHej"},
		{"elsewhere", []string{"ADMIN_TOKEN=0123456789abcdef"}, []string{"status", "--admin", moved.URL}, exitFailure, "is no internal listener of SigHej"},
		{"no token", nil, []string{"status", "--admin", ours.URL}, exitFailure, "set ADMIN_TOKEN or --admin-token"},
		{"a wrong token", []string{"ADMIN_TOKEN=another-wrong-one"}, []string{"drain", "x", "--admin", ours.URL}, exitFailure, "token is missing or wrong"},
		{"nobody", []string{"ADMIN_TOKEN=0123456789abcdef"}, []string{"drain", "x", "--admin", ours.URL}, exitFailure, `begins with "x"`},
		{"ambiguous", nil, []string{"drain", "ab", "--admin", ours.URL, "--admin-token=0123456789abcdef"}, exitFailure, "\n  abc\n  abd"},
		{"no address", nil, []string{"drain", "ab", "--admin", "localhost:8001"}, exitUsage, "--admin"},
		{"no address for status", nil, []string{"status", "--admin", "localhost:8001"}, exitUsage, "--admin"},
		{"no member", nil, []string{"drain"}, exitUsage, "sighej cluster drain --help"},
		{"an empty member", nil, []string{"drain", ""}, exitUsage, "--help"},
		{"no host", nil, []string{"certs", t.TempDir()}, exitUsage, "--help"},
		{"a host that is none", nil, []string{"certs", t.TempDir(), "a:9000"}, exitFailure, "a port does not belong to it"},
	} {
		code, out, errs := output(t, command(t, c.env, append([]string{"cluster"}, c.args...)...))
		if code != c.exit || out != "" || !strings.HasPrefix(errs, "sighej: ") || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d, stdout %q, stderr %q", c.name, code, out, errs)
		}
	}
	if len(asked) != 0 {
		t.Error("asked to drain:", <-asked)
	}
	code, out, errs := output(t, command(t, []string{"ADMIN_TOKEN=0123456789abcdef"}, "cluster", "drain", "abd", "--no-wait", "--admin", ours.URL))
	if code != 0 || out != "asked abd to drain\n" || len(asked) != 1 || <-asked != "abd" {
		t.Errorf("status %d, %q, %q; %d more asked for", code, out, errs, len(asked))
	}
}

// TestMutualTLS has two members with certificates that the command made and one
// without, beside one Redis: it is in the list, and none of the others talks to
// it.
func TestMutualTLS(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	code, out, errs := output(t, command(t, nil, "cluster", "certs", dir, "127.0.0.1", "member-2.internal"))
	file := func(name string) string { return filepath.Join(dir, name) }
	if code != 0 || !strings.Contains(out, file("ca.key")+"\n") || !strings.Contains(out, "\nCLUSTER_TLS_CERT="+file("member-2.internal.crt")+"\n") {
		t.Fatalf("status %d, %s, %s", code, out, errs)
	}
	if code, _, errs := output(t, command(t, nil, "cluster", "certs", dir, "127.0.0.1")); code != exitFailure || !strings.Contains(errs, "is there already") {
		t.Errorf("a second time: status %d, %s", code, errs)
	}
	if code, out, _ := output(t, command(t, nil, "cluster", "certs", dir, "member-3.internal")); code != 0 || !strings.HasPrefix(out, "Signed by the authority that was there") {
		t.Errorf("one more: status %d, %s", code, out)
	}

	redis := testservers.Redis(t)
	secured := []string{"--cluster-tls-ca=" + file("ca.crt"), "--cluster-tls-cert=" + file("127.0.0.1.crt"), "--cluster-tls-key=" + file("127.0.0.1.key")}
	a, b := startMember(t, redis, secured...), startMember(t, redis, secured...)
	until(t, "both to be there", func() bool { return len(a.status()) == 2 && len(b.status()) == 2 })
	all := a.status()
	here, there := register(a, tokenOf(all, a.id())), register(a, tokenOf(all, b.id()))
	var made wire.MatchResult
	if status := b.post("/match", here.access, wire.MatchRequest{OwnToken: here.token, DetectedToken: there.token}, &made); status != 200 || !made.NudgeSent {
		t.Errorf("a match across both: %d %+v", status, made)
	}

	plain := startMember(t, redis)
	until(t, "three to be there", func() bool { return len(a.status()) == 3 && len(plain.status()) == 3 })
	all = a.status()
	var p wire.Problem
	if status := a.post("/session", "", wire.CreateSession{BLEToken: tokenOf(all, plain.id()), Interests: []string{"chess"}}, &p); status != 503 || p.Code != "unavailable" {
		t.Errorf("TLS to plaintext: %d %+v", status, p)
	}
	if status := plain.post("/session", "", wire.CreateSession{BLEToken: tokenOf(all, a.id()), Interests: []string{"chess"}}, &p); status != 503 || p.Code != "unavailable" {
		t.Errorf("plaintext to TLS: %d %+v", status, p)
	}
	register(b, tokenOf(all, a.id())) // those with certificates go on
	register(plain, tokenOf(all, plain.id()))
}

// registered is a session with its credential.
type registered struct{ token, access string }

func register(m *served, token string) registered {
	m.t.Helper()
	var answer wire.SessionCreated
	if status := m.post("/session", "", wire.CreateSession{BLEToken: token, Interests: []string{"chess"}}, &answer); status != 201 {
		m.t.Fatalf("POST /session: %d; stderr %s", status, m.complaints())
	}
	return registered{token, answer.AccessToken}
}

// twoAlike is the internal listener of a member with a token, in a cluster of
// two whose ids are nearly the same.
func twoAlike(drain func(id string)) http.Handler {
	return admin.New(admin.Config{
		Members: func(context.Context) ([]admin.Member, error) {
			return []admin.Member{{ID: "abc", State: "up"}, {ID: "abd", State: "up"}}, nil
		},
		Drain:   func(_ context.Context, id string) error { drain(id); return nil },
		Metrics: prometheus.NewRegistry(), Token: "0123456789abcdef", Logger: slog.New(slog.DiscardHandler),
	})
}
