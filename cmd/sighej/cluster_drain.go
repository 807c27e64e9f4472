package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"i80.dk/sighej/admin"
)

// Bounds of the wait for a member to leave. Its own steps are over within 10 s.
const (
	leaveWithin = 30 * time.Second
	lookEvery   = 250 * time.Millisecond
)

type clusterDrainCommand struct {
	operator
	Member string `arg:"" help:"Its id, as sighej cluster status shows it, or the beginning of it that no other one has."`
	Wait   bool   `default:"true" negatable:"" help:"Wait until it has left, 30 seconds at most. --no-wait only asks."`
}

// Help is what `sighej cluster drain --help` tells beyond the flags.
func (clusterDrainCommand) Help() string {
	return "The member stops being ready, hands its partitions over, sends its phones to the others and ends with exit " +
		"status 0. SIGTERM does the same from where it runs. Whatever started it must not start it again for that status."
}

// Validate checks what kong cannot.
func (c *clusterDrainCommand) Validate() error {
	if c.Member == "" {
		return errors.New("MEMBER must not be empty")
	}
	return c.operator.Validate()
}

// Run asks the member to drain, and waits until it has left.
func (c *clusterDrainCommand) Run(ctx context.Context, std streams) error {
	members, _, err := c.members(ctx)
	if err != nil {
		return err
	}
	m, err := pick(members, c.Member)
	if err != nil {
		return err
	}
	start := time.Now()
	if _, err := c.ask(ctx, http.MethodPost, "members", m.ID, "drain"); err != nil {
		return err
	}
	tell(std.out, "asked %s to drain", m.ID)
	if !c.Wait {
		return nil
	}
	if err := c.await(ctx, m, std.out); err != nil {
		return err
	}
	how := "it has left"
	if m.Self {
		how = "it does not answer any more"
	}
	tell(std.out, "%s after %.1f s", how, time.Since(start).Seconds())
	return nil
}

// pick returns the member whose id begins so.
func pick(members []admin.Member, prefix string) (admin.Member, error) {
	for _, m := range members {
		if m.ID == prefix {
			return m, nil
		}
	}
	those := beginningWith(members, prefix)
	switch len(those) {
	case 0:
		return admin.Member{}, fmt.Errorf("no member's id begins with %q; sighej cluster status lists them", prefix)
	case 1:
		return those[0], nil
	}
	text := fmt.Sprintf("%q is the beginning of more than one member's id:", prefix)
	for _, m := range those {
		text += "\n  " + m.ID
	}
	return admin.Member{}, errors.New(text)
}

// await tells how far a member is until it has left.
func (c *clusterDrainCommand) await(ctx context.Context, m admin.Member, out io.Writer) error {
	bounded, cancel := context.WithTimeout(ctx, leaveWithin)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var told string
	for {
		now, there, err := c.look(bounded, m)
		if err == nil && !there {
			return nil
		}
		news := progress(now)
		if err != nil {
			news = "asking again: " + err.Error()
		}
		if bounded.Err() == nil && news != told {
			tell(out, "%s", news)
			told = news
		}
		select {
		case <-tick.C:
		case <-bounded.Done():
			if ctx.Err() != nil {
				return errors.New("no longer waiting; the member goes on draining")
			}
			return fmt.Errorf("the member has not left within %v; it may still do so", leaveWithin)
		}
	}
}

// look returns the member as it is now and whether it is still there. One that
// was itself asked stops answering just before it leaves.
func (c *clusterDrainCommand) look(ctx context.Context, m admin.Member) (now admin.Member, there bool, err error) {
	members, _, err := c.members(ctx)
	_, silent := errors.AsType[*url.Error](err)
	switch {
	case silent && m.Self && ctx.Err() == nil:
		return admin.Member{}, false, nil
	case err != nil:
		return admin.Member{}, true, err
	}
	for _, other := range members {
		if other.ID == m.ID {
			return other, true, nil
		}
	}
	return admin.Member{}, false, nil
}

func progress(m admin.Member) string {
	if m.State == "up" {
		return "it has not begun yet"
	}
	return fmt.Sprintf("draining: %s and %s left", count(m.Sessions, "session"), count(m.Connections, "connection"))
}

// tell writes a line. Nobody may be reading, and the member drains all the same.
func tell(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
