package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/wire"
)

// process is a member in a process of its own, to be killed for real.
type process struct {
	*member
	cmd *exec.Cmd
}

// build compiles the program once a test run.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sighej-test-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "sighej")
	compile := exec.Command("go", "build", "-o", binary, "i80.dk/sighej/cmd/sighej")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0") // as it ships
	if out, err := compile.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return binary, nil
})

func startProcess(t testing.TB, env ...string) *process {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{member: &member{t: t, addr: Addresses{Public: freeAddress(t), Admin: freeAddress(t)}}, cmd: exec.Command(binary, "serve")}
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = append(os.Environ(), append(env, "LISTEN_ADDR="+p.addr.Public, "ADMIN_LISTEN_ADDR="+p.addr.Admin)...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var log bytes.Buffer
	p.cmd.Stderr = &log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		if t.Failed() {
			t.Logf("the process said: %.4000s", log.String())
		}
	})
	eventually(t, "the process is ready", func() bool {
		resp, err := http.Get(p.base() + "/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == 200
	})
	return p
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// ledger is what a phone has been told.
type ledger struct {
	mu     sync.Mutex
	nudges map[string]int // by id: how often it came on one connection
}

// listen collects and acknowledges nudges until the connection ends.
func (l *ledger) listen(conn *websocket.Conn, bearer int) {
	seen := map[string]bool{}
	for {
		var f struct{ Type, ID string }
		if err := conn.ReadJSON(&f); err != nil {
			return
		}
		if f.Type != wire.TypeNudge {
			continue
		}
		l.mu.Lock()
		if seen[f.ID] {
			l.nudges[f.ID] = -1000 // twice on one connection
		}
		seen[f.ID] = true
		l.nudges[f.ID]++
		l.mu.Unlock()
		if bearer%2 == 0 { // the others never acknowledge
			_ = conn.WriteJSON(wire.ClientFrame{Type: wire.TypeAck, ID: f.ID})
		}
	}
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, times := range l.nudges {
		if times < 0 {
			return -1
		}
	}
	return len(l.nudges)
}

// TestKillInAStormOfMatches kills the process with SIGKILL while phones report
// each other from many sides, starts it again over the same Redis, and compares
// what was acknowledged with what arrived and what is counted.
func TestKillInAStormOfMatches(t *testing.T) {
	const phones, workers = 120, 16
	redis := testservers.Redis(t)
	env := []string{"REDIS_URL=" + redis.URL(), "INTEREST_KEY=" + key, "MATCHES_PER_HOUR=0", "SIGHTINGS_PER_SECOND=0", "LOG_LEVEL=warn"}
	p := startProcess(t, env...)
	callers, ledgers := make([]caller, phones), make([]*ledger, phones)
	for i := range callers {
		callers[i] = p.register(fmt.Sprintf("storm_%03d", i), "go", "chess")
		ledgers[i] = &ledger{nudges: map[string]int{}}
		if i%3 > 0 { // a third of the phones is not connected
			go ledgers[i].listen(p.dial(callers[i]), i)
		}
	}

	type pair [2]int
	var mu sync.Mutex
	acknowledged := map[pair]int{} // how many answers said that they made the match
	asked := map[pair]bool{}
	ctx, cancel := context.WithCancel(t.Context())
	var storm sync.WaitGroup
	enough := make(chan struct{})
	var once sync.Once
	for range workers {
		storm.Go(func() {
			for ctx.Err() == nil {
				i, k := rand.IntN(phones), rand.IntN(phones)
				if i == k {
					continue
				}
				of := pair{min(i, k), max(i, k)}
				mu.Lock()
				asked[of] = true
				mu.Unlock()
				match, sent, ok := p.try(ctx, callers[i], callers[k])
				mu.Lock()
				if ok && match {
					if _, known := acknowledged[of]; !known {
						acknowledged[of] = 0
					}
					if sent {
						acknowledged[of]++
					}
				}
				if len(acknowledged) >= 400 {
					once.Do(func() { close(enough) })
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cancel()
	storm.Wait()
	_ = p.cmd.Wait()

	p = startProcess(t, env...)
	for i := range callers {
		callers[i].member = p.member
	}
	for of, times := range acknowledged {
		if times > 1 {
			t.Errorf("pair %v was made %d times", of, times)
		}
		if match, sent, ok := p.try(t.Context(), callers[of[0]], callers[of[1]]); !ok || !match || sent {
			t.Errorf("the acknowledged pair %v after the kill: match %v, nudge_sent %v, answered %v", of, match, sent, ok)
		}
	}
	matched := make([]int, phones)
	for of := range asked { // the rest may have been made, or is made now
		if match, _, ok := p.try(t.Context(), callers[of[0]], callers[of[1]]); !ok || !match {
			t.Errorf("pair %v: match %v, answered %v", of, match, ok)
		}
		matched[of[0]]++
		matched[of[1]]++
	}
	for i := range callers {
		go ledgers[i].listen(p.dial(callers[i]), i)
	}
	for i := range callers {
		eventually(t, fmt.Sprintf("phone %d has its %d nudges", i, matched[i]), func() bool { return ledgers[i].count() >= matched[i] })
		if n := ledgers[i].count(); n != matched[i] {
			t.Errorf("phone %d: %d nudges for %d matches", i, n, matched[i])
		}
	}
	if _, stats := p.exchange("GET", "http://"+p.addr.Admin+"/stats", "", nil); stats["total_matches_today"] != float64(len(asked)) || stats["total_sessions_today"] != float64(phones) {
		t.Errorf("the counters after %d matches of %d sessions: %v", len(asked), phones, stats)
	}
	t.Logf("%d matches acknowledged before the kill, %d pairs in all", len(acknowledged), len(asked))
}

func (p *process) dial(c caller) *websocket.Conn {
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	conn, resp, err := dialer.Dial("ws://"+p.addr.Public+"/ws/"+c.token, http.Header{"Authorization": {"Bearer " + c.access}})
	if err != nil {
		p.t.Fatal(err)
	}
	_ = resp.Body.Close()
	p.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// try reports a sighting to a member that may die in between.
func (p *process) try(ctx context.Context, a, b caller) (match, sent, ok bool) {
	body := wire.Encode(wire.MatchRequest{OwnToken: a.token, DetectedToken: b.token})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base()+"/match", bytes.NewReader(body))
	if err != nil {
		return false, false, false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+a.access)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, false, false
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return false, false, false
	}
	return bytes.Contains(text, []byte(`"match":true`)), bytes.Contains(text, []byte(`"nudge_sent":true`)), true
}
