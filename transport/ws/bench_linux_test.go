package ws

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// The benchmarks measure a server process of its own: this test binary, started
// again with benchServer in its environment. It ends with its standard input.
const benchServer = "SIGHEJ_WS_BENCH_SERVER"

// idleActor is a Connection that costs nothing of its own.
type idleActor struct{}

func (idleActor) Received(wire.ClientFrame)     {}
func (idleActor) Malformed(sighej.Code, string) {}
func (idleActor) Delivered([]sighej.NudgeID)    {}
func (idleActor) Closed()                       {}

type benchDoor struct{}

func (benchDoor) Admit(_ context.Context, c sighej.Caller) (sighej.SessionKey, error) {
	return sighej.SessionKey{Token: c.Token}, nil
}

func (benchDoor) Attach(sighej.SessionKey, Socket, bool) Connection { return idleActor{} }

// serveForBenchmark is the server process; it reports false in any other.
func serveForBenchmark() bool {
	if os.Getenv(benchServer) == "" {
		return false
	}
	e := New(Config{Sessions: benchDoor{}, PingInterval: time.Hour})
	mux := http.NewServeMux()
	mux.Handle("GET /ws/{ble_token}", e)
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("gc") {
			runtime.GC()
			debug.FreeOSMemory()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		_, _ = fmt.Fprintln(w, rss(), cpu(), e.Connections(), e.Counters().Received, m.StackInuse, m.HeapAlloc)
	})
	mux.HandleFunc("GET /push", func(_ http.ResponseWriter, r *http.Request) {
		rounds, _ := strconv.Atoi(r.URL.Query().Get("rounds"))
		burst, _ := strconv.Atoi(r.URL.Query().Get("burst"))
		e.push(rounds, burst)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	go func() { _ = http.Serve(l, mux) }() //nolint:gosec // a benchmark
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	_ = e.Run(ctx)
	return true
}

// push sends bursts of nudges to every connection and waits until all is
// written.
func (e *Endpoint) push(rounds, burst int) {
	frame := make([]byte, 200)
	all := e.wheel.all()
	for range rounds {
		for _, s := range all {
			for range burst {
				s.Send(frame, sighej.NudgeID{})
			}
		}
	}
	for _, s := range all {
		for s.busy() {
			runtime.Gosched()
		}
	}
}

func (s *socket) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state&writing != 0
}

func rss() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func cpu() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

// process is the server process as the benchmark sees it.
type process struct{ addr string }

type processState struct{ rss, cpu, connections, received, stacks, heap int64 }

func startProcess(b *testing.B) *process {
	b.Helper()
	c := exec.Command(os.Args[0]) //nolint:gosec // ourselves
	c.Env = append(os.Environ(), benchServer+"=1")
	c.Stderr = os.Stderr
	stdin, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = c.Wait()
	})
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return &process{addr: strings.TrimSpace(addr)}
}

func (p *process) get(b *testing.B, path string) string {
	b.Helper()
	resp, err := http.Get("http://" + p.addr + path) //nolint:noctx // a benchmark
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}

func (p *process) state(b *testing.B, path string) (s processState) {
	b.Helper()
	if _, err := fmt.Sscan(p.get(b, path), &s.rss, &s.cpu, &s.connections, &s.received, &s.stacks, &s.heap); err != nil {
		b.Fatal(err)
	}
	return s
}

// connect opens n connections and leaves them.
func (p *process) connect(b *testing.B, n int) []net.Conn {
	b.Helper()
	conns := make([]net.Conn, n)
	var wg sync.WaitGroup
	for lane := range 16 {
		wg.Go(func() {
			for i := lane; i < n; i += 16 {
				conns[i] = p.handshake(b)
			}
		})
	}
	wg.Wait()
	if b.Failed() {
		b.FailNow()
	}
	b.Cleanup(func() {
		for _, c := range conns {
			_ = c.Close()
		}
	})
	eventually(b, "all to be attached", func() bool { return p.state(b, "/state").connections == int64(n) })
	return conns
}

func (p *process) handshake(b *testing.B) net.Conn {
	c, err := net.Dial("tcp", p.addr)
	if err != nil {
		b.Error(err)
		return nil
	}
	_, _ = io.WriteString(c, "GET /ws/"+testToken+" HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sighej.v1\r\n"+
		"Authorization: Bearer "+string(sighej.NewAccessToken())+"\r\n\r\n")
	end := make([]byte, 0, 512)
	for !strings.HasSuffix(string(end), "\r\n\r\n") {
		n, err := c.Read(end[len(end):cap(end)])
		if err != nil {
			b.Error(err)
			return c
		}
		end = end[:len(end)+n]
	}
	return c
}

// BenchmarkIdleConnection tells the resident bytes of a connection: as they are
// after the dial, after 4 nudges and a frame each, and after a collection.
func BenchmarkIdleConnection(b *testing.B) {
	const n = 8000
	for b.Loop() {
		p := startProcess(b)
		warm := p.connect(b, 100)
		for _, c := range warm {
			_ = c.Close()
		}
		eventually(b, "the warm-up to be over", func() bool { return p.state(b, "/state").connections == 0 })
		before := p.state(b, "/state?gc")
		each := func(s processState) float64 { return float64(s.rss-before.rss) / n }
		conns := p.connect(b, n)
		b.ReportMetric(each(p.state(b, "/state")), "B/conn")
		after := p.state(b, "/state?gc")
		b.ReportMetric(each(after), "B/conn-gc")
		b.ReportMetric(float64(after.stacks-before.stacks)/n, "stack-B/conn")
		b.ReportMetric(float64(after.heap-before.heap)/n, "heap-B/conn")
		p.get(b, "/push?rounds=4&burst=1")
		frame := masked(fin(opText), []byte(openFrame))
		for _, c := range conns {
			_, _ = c.Write(frame)
		}
		eventually(b, "the frames", func() bool { return p.state(b, "/state").received == n })
		b.ReportMetric(each(p.state(b, "/state")), "B/conn-used")
		used := p.state(b, "/state?gc")
		b.ReportMetric(each(used), "B/conn-used-gc")
		b.ReportMetric(float64(used.stacks-before.stacks)/n, "stack-B/conn-used")
	}
}

// BenchmarkPush tells how many 200-byte frames a core of the server writes a
// second.
func BenchmarkPush(b *testing.B) {
	for _, burst := range []int{1, 4} {
		b.Run(fmt.Sprintf("burst=%d", burst), func(b *testing.B) {
			const n = 500
			p := startProcess(b)
			for _, c := range p.connect(b, n) {
				go func() { _, _ = io.Copy(io.Discard, c) }()
			}
			rounds := 1
			before := p.state(b, "/state")
			sent := 0
			for b.Loop() {
				p.get(b, fmt.Sprintf("/push?rounds=%d&burst=%d", rounds, burst))
				sent += n * rounds * burst
			}
			spent := float64(p.state(b, "/state").cpu-before.cpu) / 1e9
			b.ReportMetric(float64(sent)/spent, "frames/core-s")
		})
	}
}

// BenchmarkInbound tells how many 80-byte frames a core of the server reads and
// decodes a second.
func BenchmarkInbound(b *testing.B) {
	const n, each = 200, 100
	p := startProcess(b)
	conns := p.connect(b, n)
	frame := masked(fin(opText), []byte(`{"type":"sighting","ref":"17","tokens":["wx3T9pQ2Lk7Zr4Vb8Nc1Yg"]}`))
	before := p.state(b, "/state")
	sent := int64(0)
	for b.Loop() {
		for range each {
			for _, c := range conns {
				_, _ = c.Write(frame)
			}
		}
		sent += n * each
		eventually(b, "the frames", func() bool { return p.state(b, "/state").received == before.received+sent })
	}
	spent := float64(p.state(b, "/state").cpu-before.cpu) / 1e9
	b.ReportMetric(float64(sent)/spent, "frames/core-s")
}
