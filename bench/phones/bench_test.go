package phones

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej/bench/probe"
	"i80.dk/sighej/bench/tally"
	"i80.dk/sighej/wire"
)

// The benchmarks tell what the generator itself takes. Their server agrees to
// everything, nudges nobody, and is a process of its own, so that it is not
// counted.
const asCounter = "SIGHEJ_BENCH_COUNTER"

func TestMain(m *testing.M) {
	if os.Getenv(asCounter) != "" {
		serveCounter()
		return
	}
	os.Exit(m.Run())
}

func serveCounter() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(wire.Encode(wire.SessionCreated{SessionID: "x", ExpiresAt: time.Now().Add(time.Hour), AccessToken: "sj_x"}))
	})
	mux.HandleFunc("POST /match", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"match":false,"shared_interests":[],"nudge_sent":false}`)
	})
	mux.HandleFunc("GET /ws/{token}", func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}, ReadBufferSize: 128}
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		_ = c.WriteJSON(wire.Welcome{Type: wire.TypeWelcome})
		go answerFrames(c)
	})
	s := httptest.NewServer(mux)
	fmt.Println(s.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func answerFrames(c *websocket.Conn) {
	for {
		_, text, err := c.ReadMessage()
		var f wire.ClientFrame
		if err != nil || json.Unmarshal(text, &f) != nil {
			return
		}
		answer := wire.Sighted{Type: wire.TypeSighted, Ref: f.Ref, Results: make([]wire.SightingResult, len(f.Tokens))}
		for i, token := range f.Tokens {
			answer.Results[i] = wire.SightingResult{Token: token, MatchResult: wire.MatchResult{SharedInterests: []string{}}}
		}
		_ = c.WriteMessage(websocket.TextMessage, wire.Encode(answer))
	}
}

func counter(b *testing.B) string {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asCounter+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func crowd(b *testing.B, n int) *Generator {
	b.Helper()
	var labels []string
	for i := range 500 {
		labels = append(labels, fmt.Sprint("label ", i))
	}
	g, err := New(Config{
		Bases: []string{counter(b)}, Auth: Bearer, Seed: 1, Labels: labels, Interests: 5,
		Connections: 32, Patience: 15 * time.Second,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = g.Close() })
	if err := (&Populate{Phones: n, Width: 32, Within: time.Minute}).Do(b.Context(), g); err != nil {
		b.Fatal(err)
	}
	return g
}

// Reports at the rates that one core is to drive (-cpu 1), per second of the
// generator's CPU time.
func BenchmarkReports(b *testing.B) {
	for _, c := range []struct {
		via   string
		batch int
		rate  float64
	}{{HTTP, 1, 15000}, {WebSocket, 1, 15000}, {WebSocket, 10, 60000}} {
		b.Run(fmt.Sprintf("via=%s/batch=%d", c.via, c.batch), func(b *testing.B) {
			g := crowd(b, 1000)
			_, _ = g.Take(b.Context())
			before := probe.Self().CPU
			b.ResetTimer()
			load := Load{Rate: c.rate, For: time.Duration(float64(b.N) / c.rate * float64(time.Second)), Batch: c.batch, Via: c.via}
			if err := load.Do(b.Context(), g); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			s, err := g.Take(b.Context())
			if err != nil || s.Checks.Wrong() || len(s.Checks.Errors) > 0 {
				b.Fatalf("%v, %+v", err, s.Checks)
			}
			b.ReportMetric(float64(s.Sum.Counts[tally.Answered])/b.Elapsed().Seconds(), "sightings/s")
			b.ReportMetric(float64(s.Sum.Counts[tally.Answered])/(probe.Self().CPU-before), "sightings/core-s")
			b.ReportMetric(float64(s.Sum.Quantile(tally.Lag, .99).Microseconds())/1000, "ms-lag-p99")
			b.ReportMetric(float64(s.Sum.Quantile(tally.Answer, .99).Microseconds())/1000, "ms-answer-p99")
			b.ReportMetric(0, "ns/op") // the rate is given
		})
	}
}

// What a phone takes that is connected and idle.
func BenchmarkIdlePhones(b *testing.B) {
	const n = 5000
	for b.Loop() { // they come once, whatever the -benchtime
	}
	before := probe.Self().RSS
	crowd(b, n)
	b.ReportMetric(float64(probe.Self().RSS-before)/n, "B/phone")
	b.ReportMetric(0, "ns/op") // it is about memory
}
