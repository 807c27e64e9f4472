package cluster_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej/cluster"
	"i80.dk/sighej/internal/testservers"
)

// childRedis is set for the process that TestFreeze freezes.
const childRedis = "SIGHEJ_CLUSTER_TEST_REDIS"

// childMain is a member that prints its id whenever it has joined and, on
// SIGUSR1, whether it may act under its first id.
func childMain(url string) int {
	opts, err := redis.ParseURL(url)
	if err != nil {
		fmt.Println("fault", err)
		return 1
	}
	client := redis.NewClient(opts)
	defer client.Close()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	var once sync.Once
	err = cluster.Run(ctx, config(cluster.NewRedisLeases(client)), plaintext(), func(ctx context.Context, i *cluster.Incarnation) error {
		m, err := i.Join(ctx)
		if err != nil {
			return err
		}
		fmt.Println("joined", m.Self().ID)
		once.Do(func() { go answer(m, asked) })
		<-ctx.Done()
		return nil
	})
	if err != nil {
		fmt.Println("fault", err)
		return 1
	}
	return 0
}

// answer says to the end what the first membership allows.
func answer(m *cluster.Membership, asked <-chan os.Signal) {
	for range asked {
		fmt.Println("may act:", m.MayAct())
	}
}

// A frozen member is replaced when its lease is over; on waking it acts no more
// and comes back as somebody else.
func TestFreeze(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	here, _ := join(t, config(redisLeases(t, server)), "here")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // no answer can take that long
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(os.Environ(), childRedis+"="+server.URL())
	child.Stderr = os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	says := &speech{lines: bufio.NewScanner(out)}

	first := says.next(t, "joined ")
	agree(t, viewsOf(here), "here", first)
	send(t, child, syscall.SIGUSR1)
	if act := says.next(t, "may act: "); act != "true" {
		t.Errorf("before the freeze, may act: %s", act)
	}
	send(t, child, syscall.SIGSTOP)
	agree(t, viewsOf(here), "here")
	send(t, child, syscall.SIGUSR1) // it gets both when it wakes
	send(t, child, syscall.SIGCONT)
	if act := says.next(t, "may act: "); act != "false" {
		t.Errorf("on waking, may act: %s", act)
	}
	second := says.next(t, "joined ")
	if second == first {
		t.Error("the member came back under its id")
	}
	agree(t, viewsOf(here), "here", second)
	send(t, child, syscall.SIGUSR1)
	if act := says.next(t, "may act: "); act != "false" {
		t.Errorf("under the id it had, may act: %s", act)
	}

	send(t, child, syscall.SIGTERM)
	agree(t, viewsOf(here), "here")
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
}

func send(t *testing.T, child *exec.Cmd, how syscall.Signal) {
	t.Helper()
	if err := child.Process.Signal(how); err != nil {
		t.Fatal(err)
	}
}

// speech is what the child says, of several kinds in any order.
type speech struct {
	lines   *bufio.Scanner
	skipped []string
}

// next returns what the child says next of this kind.
func (s *speech) next(t *testing.T, kind string) string {
	t.Helper()
	for i, line := range s.skipped {
		if rest, ok := strings.CutPrefix(line, kind); ok {
			s.skipped = slices.Delete(s.skipped, i, i+1)
			return rest
		}
	}
	for s.lines.Scan() {
		if rest, ok := strings.CutPrefix(s.lines.Text(), kind); ok {
			return rest
		}
		s.skipped = append(s.skipped, s.lines.Text())
	}
	t.Fatalf("the member ended before it said %q, but said %q: %v", kind, s.skipped, s.lines.Err())
	return ""
}
