package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/wire"
)

// These run the built program in a process of its own over real sockets. Rates
// are per CPU-second of that process, as /proc tells.

// cpu returns the CPU time that a process has used, in steps of 10 ms.
func (p *process) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks int
	for _, f := range fields[11:13] { // utime, stime
		n, err := strconv.Atoi(f)
		if err != nil {
			p.t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// rss returns a process's resident memory in bytes.
func (p *process) rss() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return kb << 10
}

// BenchmarkMatchOverSockets is POST /match until both nudges have come out of
// two real sockets. Nothing is acknowledged.
func BenchmarkMatchOverSockets(b *testing.B) {
	b.Run("memory", func(b *testing.B) { benchmarkMatch(b) })
	b.Run("redis", func(b *testing.B) {
		redis, err := testservers.StartRedis()
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = redis.Close() }()
		benchmarkMatch(b, "REDIS_URL="+redis.URL(), "INTEREST_KEY="+key)
	})
}

func benchmarkMatch(b *testing.B, env ...string) {
	const phones, workers = 4000, 128
	p := startProcess(b, append(env, "MATCHES_PER_HOUR=0", "SIGHTINGS_PER_SECOND=0")...)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	callers := make([]caller, phones)
	var nudges atomic.Int64
	for i := range callers {
		callers[i] = p.register(newToken(), "go", "chess", "hardstyle")
		conn := p.dial(callers[i])
		go func() {
			for {
				_, frame, err := conn.ReadMessage()
				if err != nil {
					return
				}
				if bytes.Contains(frame, []byte(`"type":"nudge"`)) {
					nudges.Add(1)
				}
			}
		}()
	}
	type pair struct{ a, b caller }
	pairs := make(chan pair, workers)
	go func() {
		defer close(pairs)
		for n := 0; n < b.N; {
			for distance := 1; distance < phones/2 && n < b.N; distance++ {
				for i := 0; i < phones && n < b.N; i++ {
					pairs <- pair{callers[i], callers[(i+distance)%phones]}
					n++
				}
			}
		}
	}()
	start := p.cpu()
	b.ResetTimer()
	var wg sync.WaitGroup
	var made atomic.Int64
	for range workers {
		wg.Go(func() {
			for x := range pairs {
				if matchOnce(client, p, x.a, x.b) {
					made.Add(1)
				}
			}
		})
	}
	wg.Wait()
	eventually(b, "all nudges", func() bool { return nudges.Load() >= 2*made.Load() })
	b.ReportMetric(float64(made.Load())/(p.cpu()-start).Seconds(), "matches/server-core-s")
	if made.Load() != int64(b.N) {
		b.Errorf("%d of %d made", made.Load(), b.N)
	}
}

// BenchmarkSightingOverHTTP is POST /match without an overlap: what the HTTP API
// and one letter cost, with nothing else behind them.
func BenchmarkSightingOverHTTP(b *testing.B) {
	const workers = 128
	p := startProcess(b, "SIGHTINGS_PER_SECOND=0")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	a, other := p.register(newToken(), "go"), p.register(newToken(), "chess")
	start := p.cpu()
	b.ResetTimer()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for next.Add(1) <= int64(b.N) {
				matchOnce(client, p, a, other)
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/(p.cpu()-start).Seconds(), "sightings/server-core-s")
}

func matchOnce(client *http.Client, p *process, a, b caller) bool {
	body := wire.Encode(wire.MatchRequest{OwnToken: a.token, DetectedToken: b.token})
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.base()+"/match", bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+a.access)
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return err == nil && bytes.Contains(text, []byte(`"nudge_sent":true`))
}

// BenchmarkIdlePhones connects phones that then do nothing and tells what each
// costs the server in resident memory: connection, its actor, its session's
// actor. It measures once, whatever b.N.
func BenchmarkIdlePhones(b *testing.B) {
	const phones = 8000
	p := startProcess(b, "MAX_CONNECTIONS=0")
	p.register(newToken(), "go")
	before := p.rss()
	for range phones {
		p.dial(p.register(newToken(), "devops", "hardstyle", "chess", "go", "philosophy"))
	}
	b.ReportMetric(float64(p.rss()-before)/phones, "RSS-B/phone")
}
