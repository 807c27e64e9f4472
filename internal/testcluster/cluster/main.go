// Cluster starts Redis, PostgreSQL and three members on loopback, tells what to
// try, and stops all of them on Ctrl-C. It is what `make cluster` runs.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"i80.dk/sighej/internal/testcluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cluster BINARY")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary string, out io.Writer) error {
	_, _ = fmt.Fprintln(out, "Starting Redis, PostgreSQL and three members ...")
	c, err := testcluster.Start(ctx, testcluster.Config{Binary: binary, Postgres: true, Ports: [3]int{8000, 8001, 9000}})
	if err != nil {
		return err
	}
	tell(out, binary, c)
	<-ctx.Done()
	_, _ = fmt.Fprintln(out, "\nStopping the members in order, then the servers ...")
	return c.Close()
}

// tell prints where everything is and what to try with it.
func tell(out io.Writer, binary string, c *testcluster.Cluster) {
	var b strings.Builder
	fmt.Fprintf(&b, "\nThe cluster is up. Any phone may talk to any member.\n\n")
	fmt.Fprintf(&b, "  %-10s%-24s%-24s%-17s%s\n", "member", "phones", "operators", "other members", "process")
	for _, m := range c.Members {
		fmt.Fprintf(&b, "  %-10s%-24s%-24s%-17s%d\n", m.Name, m.Base(), "http://"+m.Admin, m.Cluster, m.PID())
	}
	fmt.Fprintf(&b, "\n  Redis       %s\n  PostgreSQL  %s\n\nTry, in another terminal:\n\n", c.Redis.URL(), c.Postgres.URL())
	fmt.Fprintf(&b, "  %s cluster status --admin http://%s\n", binary, c.Members[0].Admin)
	fmt.Fprintf(&b, "  %s bench steady", binary)
	for _, m := range c.Members {
		fmt.Fprintf(&b, " --base %s", m.Base())
	}
	last := c.Members[len(c.Members)-1]
	fmt.Fprintf(&b, "\n  kill -9 %d          its phones are served by the others within 6 s\n\n", last.PID())
	fmt.Fprintf(&b, "Logs:\n\n")
	for _, m := range c.Members {
		fmt.Fprintf(&b, "  %s\n", m.LogFile())
	}
	fmt.Fprintf(&b, "\nCtrl-C stops all of it.\n")
	_, _ = io.WriteString(out, b.String())
}
