package probe

import (
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func watch(t *testing.T, pids ...int) *Watcher {
	t.Helper()
	w, err := NewWatcher(Config{PIDs: pids})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// rounded is how far the two parts of a CPU time are off that /proc tells in
// ticks of 10 ms each.
const rounded = 0.02

func TestCPU(t *testing.T) {
	c := begin(t, "a) R 1 (b", "burn")
	burnt, err := strconv.ParseFloat(c.said, 64)
	if err != nil {
		t.Fatal(err)
	}
	w := watch(t, c.Process.Pid)
	p := w.Read(t.Context()).Processes[0]
	u := c.kill(t)
	total := float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	if p.CPU < burnt-rounded || p.CPU > total {
		t.Errorf("%v s; it counted %v itself, and %v in the end", p.CPU, burnt, total)
	}
	if p.PID != c.Process.Pid || p.Name != "a) R 1 (b" || p.Gone || p.Missed {
		t.Errorf("%+v", p)
	}
}

func TestMemory(t *testing.T) {
	c := begin(t, "holder", "hold")
	w := watch(t, c.Process.Pid)
	p := w.ReadAll(t.Context()).Processes[0]
	if again := w.Read(t.Context()).Processes[0]; again.PSS != 0 || again.RSS == 0 {
		t.Errorf("Read: %+v", again)
	}
	most := c.kill(t).Maxrss << 10
	const sloppy = 4 << 20 // the kernel counts pages in batches
	if p.RSS < held || p.RSS > most+sloppy {
		t.Errorf("RSS %d, holds %d and had %d at most", p.RSS, held, most)
	}
	if p.PSS < held || p.PSS > p.RSS+sloppy {
		t.Errorf("PSS %d, RSS %d", p.PSS, p.RSS)
	}
}

// What two processes share counts half for each.
func TestSharedMemory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shared")
	if err := os.WriteFile(file, make([]byte, held), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(shared, file)
	w := watch(t, begin(t, "one", "share").Process.Pid, begin(t, "two", "share").Process.Pid)
	for _, p := range w.ReadAll(t.Context()).Processes {
		if p.RSS < held || p.PSS > p.RSS-held/3 {
			t.Errorf("%+v, of which %d are shared", p, held)
		}
	}
}

func TestGone(t *testing.T) {
	c := begin(t, "short", "burn")
	w := watch(t, c.Process.Pid)
	before := w.Read(t.Context()).Processes[0]
	c.slay(t)
	// A zombie at first, since nobody has waited for it.
	eventually(t, "the zombie to be noticed", func() bool { return w.Read(t.Context()).Processes[0].Gone })
	zombie := w.Read(t.Context()).Processes[0]
	_ = c.Wait()
	if after := w.Read(t.Context()).Processes[0]; after != zombie {
		t.Errorf("%+v, and then %+v", zombie, after)
	}
	if zombie.CPU < before.CPU || zombie.RSS < before.RSS/2 || zombie.Name != "short" || zombie.Missed {
		t.Errorf("%+v, while it lived %+v", zombie, before)
	}
}

func TestGoneWithoutATrace(t *testing.T) {
	c := begin(t, "short", "wait")
	w := watch(t, c.Process.Pid)
	before := w.Read(t.Context()).Processes[0]
	c.kill(t)
	before.Gone = true
	if after := w.Read(t.Context()).Processes[0]; after != before {
		t.Errorf("%+v, want %+v", after, before)
	}
}

// A pid that another process has by now starts at another time.
func TestGoneWhenThePIDIsAnothers(t *testing.T) {
	c := begin(t, "other", "wait")
	w := watch(t, c.Process.Pid)
	before := w.Read(t.Context()).Processes[0]
	w.sources[0].(*process).started--
	before.Gone = true
	if after := w.Read(t.Context()).Processes[0]; after != before {
		t.Errorf("%+v, want %+v", after, before)
	}
}

func TestNoWatcherOfNobody(t *testing.T) {
	dead, zombie := begin(t, "dead", "wait"), begin(t, "zombie", "wait")
	dead.kill(t)
	zombie.slay(t)
	eventually(t, "the zombie", func() bool { s, err := readStat(zombie.Process.Pid); return err != nil || s.ended })
	_, err := NewWatcher(Config{PIDs: []int{dead.Process.Pid, os.Getpid(), zombie.Process.Pid, 0, -1}, Metrics: []string{"nothing"}})
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, pid := range []int{dead.Process.Pid, zombie.Process.Pid, 0, -1} {
		if i >= len(lines) || lines[i] != "process "+strconv.Itoa(pid)+": there is none" {
			t.Errorf("line %d: %q", i, lines)
		}
	}
	if len(lines) != 5 || !strings.Contains(lines[4], `metrics page "nothing"`) {
		t.Errorf("%q", lines)
	}
}

func TestHostCountsOurWork(t *testing.T) {
	w := watch(t)
	before := w.Read(t.Context()).Host
	c := begin(t, "burner", "burn")
	after := w.Read(t.Context()).Host
	burnt, err := strconv.ParseFloat(c.said, 64)
	if err != nil {
		t.Fatal(err)
	}
	// Where the kernel samples who runs, single ticks may go to another account.
	if did := after.Busy - before.Busy; did < burnt/2 {
		t.Errorf("%v core-seconds, the child alone used %v", did, burnt)
	}
	if after.Cores < 1 || after.Steal < before.Steal {
		t.Errorf("%+v, before %+v", after, before)
	}
}

func TestSelf(t *testing.T) {
	before := Self()
	for used().Seconds() < before.CPU+0.05 {
		continue
	}
	after := Self()
	if after.CPU < before.CPU+0.05 || after.CPU > used().Seconds() || after.PID != os.Getpid() || after.RSS < 1<<20 || after.Name == "" {
		t.Errorf("%+v, before %+v", after, before)
	}
}

func TestMachine(t *testing.T) {
	m := Machine()
	if m.OS != "linux" || m.Arch == "" || m.Cores < 1 || m.MemoryBytes < 16<<20 {
		t.Errorf("%+v", m)
	}
}

func listenersOf(t *testing.T, base string) []int {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	pids, err := Listener(u)
	if err != nil {
		t.Fatal(err)
	}
	return pids
}

func TestListener(t *testing.T) {
	c := begin(t, "server", "listen")
	for _, host := range []string{"127.0.0.1", "localhost"} {
		_, port, _ := net.SplitHostPort(c.said)
		if got := listenersOf(t, "http://"+net.JoinHostPort(host, port)); !slices.Equal(got, []int{c.Process.Pid}) {
			t.Errorf("on %s: %v, want %d", host, got, c.Process.Pid)
		}
	}
	if pids := listenersOf(t, "http://"+strings.Replace(c.said, "127.0.0.1", "127.0.0.2", 1)); pids != nil {
		t.Error("on an address that it does not listen on:", pids)
	}
	c.kill(t)
	if pids := listenersOf(t, "http://"+c.said); pids != nil {
		t.Error("after its end:", pids)
	}
}

func TestListenerOnAllAddresses(t *testing.T) {
	for network, hosts := range map[string][]string{"tcp4": {"127.0.0.1", "127.0.0.2"}, "tcp": {"127.0.0.1", "localhost"}} {
		l, err := net.Listen(network, ":0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		for _, host := range hosts {
			if got := listenersOf(t, "http://"+host+":"+port); !slices.Equal(got, []int{os.Getpid()}) {
				t.Errorf("%s on %s: %v, want %d", network, host, got, os.Getpid())
			}
		}
	}
	if pids := listenersOf(t, "http://10.0.0.1:80"); pids != nil {
		t.Error("elsewhere:", pids)
	}
}

// TestOwnPage reads what Go's own collectors say of this process.
func TestOwnPage(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	defer s.Close()
	w, err := NewWatcher(Config{Metrics: []string{s.URL}, Client: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	before := Self()
	p := w.Read(t.Context()).Processes[0]
	after := Self()
	if p.CPU < before.CPU-rounded || p.CPU > after.CPU+rounded || p.RSS < 1<<20 || p.Goroutines < 2 {
		t.Errorf("%+v between %+v and %+v", p, before, after)
	}
}

func BenchmarkRead(b *testing.B) {
	w, err := NewWatcher(Config{PIDs: []int{os.Getpid()}})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			w.Read(b.Context())
		}
	})
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			w.ReadAll(b.Context())
		}
	})
}
