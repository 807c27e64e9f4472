package adversary

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/server"
)

// The kinds of peers that must look alike.
const (
	live    = iota // and shares nothing
	unknown        // nobody's token, another one each time
	expired
	closed // although it shares an interest
	kinds
)

var kindNames = [kinds]string{"live", "unknown", "expired", "closed"}

const (
	callsOfAKind = 20_000
	attackers    = 2 // at once
	maxAUC       = 0.55
	lifetime     = 8 // of a session, in seconds
	crowd        = 32
)

// A caller learns neither from the answer nor from how long it takes whether a
// token is a live session's. Sessions live shortly here, so the attacker goes on in
// rounds with others; the kinds come in random order over each connection, so that
// whatever else the machine does meets all of them alike. AUC is the chance that a
// call of the one kind takes longer than one of the other: 0.5 when nobody can tell.
//
// Seen failing on Redis without the rounds of package actors, where the answer about
// a live session needs no round trip then: AUC 0.99.
func TestNobodyLearnsWhetherATokenIsLive(t *testing.T) {
	onEachStore(t, func(o *server.Options) {
		o.SessionTTLSeconds, o.SightingsPerSecond = lifetime, 0
	}, func(t *testing.T, m *testmember.Member) {
		o := oracle{answers: map[string][]int{}}
		t.Run("ask", func(t *testing.T) {
			for n := range attackers {
				t.Run(strconv.Itoa(n), func(t *testing.T) {
					t.Parallel()
					(&asker{t: t, m: m, oracle: &o}).run(callsOfAKind / attackers)
				})
			}
		})
		if len(o.answers) != 1 {
			t.Errorf("there are %d different answers: %v", len(o.answers), o.answers)
		}
		for a := range kinds {
			for b := range a {
				auc := areaUnderCurve(o.times[a], o.times[b])
				t.Logf("%s against %s: AUC %.3f, medians %v and %v", kindNames[a], kindNames[b], auc, median(o.times[a]), median(o.times[b]))
				if auc > maxAUC || auc < 1-maxAUC {
					t.Errorf("%s and %s can be told by the time: AUC %.3f", kindNames[a], kindNames[b], auc)
				}
			}
		}
	})
}

// oracle is what the attackers are told.
type oracle struct {
	mu      sync.Mutex
	times   [kinds][]time.Duration
	answers map[string][]int // as they came, but for the date; how often for each kind
}

func (o *oracle) note(kind int, took time.Duration, answer string, warm bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if warm {
		o.times[kind] = append(o.times[kind], took)
	}
	if o.answers[answer] == nil {
		o.answers[answer] = make([]int, kinds)
	}
	o.answers[answer][kind]++
}

// asker is an attacker with a connection and peers of its own.
type asker struct {
	t      *testing.T
	m      *testmember.Member
	oracle *oracle
	tokens [kinds][]string
	born   []generation // whose peers are alive or dead by now
	asked  int          // of each kind, over a connection that is warm
}

// run asks so often about each kind.
func (a *asker) run(calls int) {
	a.peers()
	a.peers()
	for a.asked < calls {
		a.round(calls)
	}
}

// generation is what was registered at one time.
type generation struct {
	tokens []string
	last   phone
}

// peers registers new ones.
func (a *asker) peers() {
	var g generation
	a.tokens[live], a.tokens[closed] = nil, nil
	for range crowd {
		p := register(a.t, a.m, "knitting")
		a.tokens[live] = append(a.tokens[live], p.token)
		shy := register(a.t, a.m, "chess")
		if got := send(a.t, a.m, request{method: "PATCH", path: "/session", bearer: shy.access, body: `{"open_to_talk":false}`}); got.status != 200 {
			a.t.Fatalf("%+v", got)
		}
		a.tokens[closed] = append(a.tokens[closed], shy.token)
		g.tokens, g.last = append(g.tokens, p.token, shy.token), shy
	}
	a.born = append(a.born, g)
}

// round asks about all kinds for a part of a session's life.
func (a *asker) round(calls int) {
	first := a.born[0]
	await(a.t, "them to expire", func() bool {
		return send(a.t, a.m, request{method: "GET", path: "/session", bearer: first.last.access}).status == http.StatusUnauthorized
	})
	a.tokens[expired], a.born = first.tokens, a.born[1:]
	a.peers()
	self := register(a.t, a.m, "chess")
	conn := dial(a.t, a.m)
	reader := bufio.NewReader(conn)
	until := time.Now().Add(lifetime * time.Second / 2)
	for n := 0; time.Now().Before(until) && a.asked < calls; n++ {
		warm := n >= 50 // a connection's first calls are slower
		for _, kind := range rand.Perm(kinds) {
			token := newToken()
			if kind != unknown {
				token = a.tokens[kind][rand.IntN(len(a.tokens[kind]))]
			}
			took, text := ask(a.t, conn, reader, self, token)
			a.oracle.note(kind, took, text, warm)
		}
		if warm {
			a.asked++
		}
	}
	_ = conn.Close()
}

// ask reports one sighting over a connection that stays, and returns how long the
// answer took and all of it but the date.
func ask(t *testing.T, conn net.Conn, reader *bufio.Reader, p phone, token string) (time.Duration, string) {
	body := sightingOf(p.token, token)
	text := fmt.Sprintf("POST /match HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", p.access, len(body), body)
	start := time.Now()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(resp.Body)
	took := time.Since(start)
	if err != nil || resp.Header.Get("Date") == "" {
		t.Fatal(err, resp.Header)
	}
	resp.Header.Del("Date")
	var all strings.Builder
	fmt.Fprintln(&all, resp.Proto, resp.Status)
	_ = resp.Header.Write(&all)
	return took, all.String() + string(content)
}

// areaUnderCurve is the Mann–Whitney statistic over the number of pairs: how often
// one of a is more than one of b, equals counted half.
func areaUnderCurve(a, b []time.Duration) float64 {
	type sample struct {
		took time.Duration
		ofA  bool
	}
	all := make([]sample, 0, len(a)+len(b))
	for _, d := range a {
		all = append(all, sample{d, true})
	}
	for _, d := range b {
		all = append(all, sample{d, false})
	}
	slices.SortFunc(all, func(x, y sample) int { return cmp.Compare(x.took, y.took) })
	var ranks float64
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].took == all[i].took {
			j++
		}
		for _, s := range all[i:j] {
			if s.ofA {
				ranks += float64(i+1+j) / 2
			}
		}
		i = j
	}
	n, m := float64(len(a)), float64(len(b))
	return (ranks - n*(n+1)/2) / (n * m)
}

func median(d []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(d))[len(d)/2]
}

func TestAreaUnderCurve(t *testing.T) {
	for _, c := range []struct {
		a, b []time.Duration
		want float64
	}{
		{[]time.Duration{1, 2, 3}, []time.Duration{1, 2, 3}, 0.5},
		{[]time.Duration{4, 5}, []time.Duration{1, 2, 3}, 1},
		{[]time.Duration{1}, []time.Duration{2, 3}, 0},
		{[]time.Duration{2}, []time.Duration{1, 2, 3, 1}, 0.625},
	} {
		if got := areaUnderCurve(c.a, c.b); got != c.want {
			t.Errorf("%v over %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
