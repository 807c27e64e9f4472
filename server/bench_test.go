package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/cluster"
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
	b.Run("memory", func(b *testing.B) { benchmarkMatch(b, startProcess(b, unlimited()...)) })
	b.Run("redis", func(b *testing.B) {
		redis, err := testservers.StartRedis()
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = redis.Close() }()
		benchmarkMatch(b, startProcess(b, unlimited("REDIS_URL="+redis.URL(), "INTEREST_KEY="+key)...))
	})
}

// BenchmarkMatchAcrossMembers is the same in clusters of several sizes: phones
// connect and report to members in turn, wherever their sessions live.
func BenchmarkMatchAcrossMembers(b *testing.B) {
	for _, members := range []int{1, 2, 3, 5} {
		b.Run(strconv.Itoa(members), func(b *testing.B) { benchmarkMatch(b, startProcesses(b, members)...) })
	}
}

func unlimited(env ...string) []string {
	return append(env, "MATCHES_PER_HOUR=0", "SIGHTINGS_PER_SECOND=0")
}

// startProcesses starts n members beside a Redis of their own and waits until
// each knows all.
func startProcesses(b *testing.B, n int) []*process {
	b.Helper()
	redis := testservers.Redis(b)
	members := make([]*process, n)
	for i := range members {
		members[i] = startProcess(b, unlimited("REDIS_URL="+redis.URL(), "INTEREST_KEY="+key, "CLUSTER_LISTEN_ADDR="+freeAddress(b))...)
	}
	for _, m := range members {
		eventually(b, "the member to know all others", func() bool { return len(m.view().Members()) == n })
	}
	return members
}

// view is the cluster as this member sees it.
func (m *member) view() *cluster.View {
	_, answer := m.exchange("GET", "http://"+m.addr.Admin+"/members", "", nil)
	var members []cluster.Member
	for _, entry := range answer["members"].([]any) {
		fields := entry.(map[string]any)
		members = append(members, cluster.Member{ID: fields["id"].(string), State: cluster.State(fields["state"].(string))})
	}
	return cluster.NewView(members)
}

func cpuOf(members []*process) (sum time.Duration) {
	for _, m := range members {
		sum += m.cpu()
	}
	return sum
}

func benchmarkMatch(b *testing.B, members ...*process) {
	const phones, workers = 4000, 128
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	callers := make([]caller, phones)
	var nudges atomic.Int64
	for i := range callers {
		callers[i] = members[i%len(members)].register(newToken(), "go", "chess", "hardstyle")
		conn := members[(i+1)%len(members)].dial(callers[i])
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
	start := cpuOf(members)
	b.ResetTimer()
	var wg sync.WaitGroup
	var made atomic.Int64
	for i := range workers {
		wg.Go(func() {
			for x := range pairs {
				if matchOnce(client, members[i%len(members)], x.a, x.b) {
					made.Add(1)
				}
			}
		})
	}
	wg.Wait()
	eventually(b, "all nudges", func() bool { return nudges.Load() >= 2*made.Load() })
	b.ReportMetric(float64(made.Load())/(cpuOf(members)-start).Seconds(), "matches/server-core-s")
	if made.Load() != int64(b.N) {
		b.Errorf("%d of %d made", made.Load(), b.N)
	}
}

// BenchmarkSightingOverHTTP is POST /match without an overlap: what the HTTP API
// and one letter cost, with nothing else behind them but, on Redis, rounds.
func BenchmarkSightingOverHTTP(b *testing.B) {
	b.Run("memory", func(b *testing.B) { benchmarkSighting(b, startProcess(b, unlimited()...)) })
	b.Run("redis", func(b *testing.B) {
		benchmarkSighting(b, startProcess(b, unlimited("REDIS_URL="+testservers.Redis(b).URL(), "INTEREST_KEY="+key)...))
	})
}

func benchmarkSighting(b *testing.B, p *process) {
	const workers = 128
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

// BenchmarkThroughAnotherMember is POST /match without an overlap for two
// sessions of one member, asked there and of a member that owns neither, by turns,
// at half the rate that the machine can do.
func BenchmarkThroughAnotherMember(b *testing.B) {
	const workers = 4
	members := startProcesses(b, 2)
	view := members[0].view()
	first := view.Members()[0].ID
	home, other := members[0], members[1]
	if _, answer := home.exchange("GET", "http://"+home.addr.Admin+"/members", "", nil); !isSelf(answer, first) {
		home, other = other, home
	}
	own := func(label string) caller {
		token := newToken()
		for !view.Owns(first, sighej.Partition(sighej.Token(token))) {
			token = newToken()
		}
		return home.register(token, label)
	}
	x, y := own("go"), own("chess")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8 * workers}}
	ask := func(n int64) { matchOnce(client, []*process{home, other}[n%2], x, y) }
	var next atomic.Int64
	var wg sync.WaitGroup
	const trial = 5000
	began := time.Now()
	for range workers {
		wg.Go(func() {
			for n := next.Add(1); n <= trial; n = next.Add(1) {
				ask(n)
			}
		})
	}
	wg.Wait()
	apart := 2 * time.Since(began) / trial
	var took [2][]time.Duration
	var mu sync.Mutex
	b.ResetTimer()
	began = time.Now()
	for n := range int64(b.N) {
		time.Sleep(time.Until(began.Add(time.Duration(n) * apart)))
		wg.Go(func() {
			sent := time.Now()
			ask(n)
			mu.Lock()
			defer mu.Unlock()
			took[n%2] = append(took[n%2], time.Since(sent))
		})
	}
	wg.Wait()
	for k, name := range []string{"home", "other"} {
		slices.Sort(took[k])
		if n := len(took[k]); n > 0 {
			b.ReportMetric(float64(took[k][n/2].Microseconds()), name+"-p50-µs")
			b.ReportMetric(float64(took[k][n*99/100].Microseconds()), name+"-p99-µs")
		}
	}
	b.ReportMetric(time.Second.Seconds()/apart.Seconds(), "calls/s")
}

func isSelf(answer map[string]any, id string) bool {
	for _, entry := range answer["members"].([]any) {
		if fields := entry.(map[string]any); fields["id"] == id {
			return fields["self"] == true
		}
	}
	return false
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
