package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"i80.dk/sighej"
	"i80.dk/sighej/admin"
)

type clusterStatusCommand struct {
	operator
	JSON bool `help:"Print the member's answer as it came."`
}

// Run prints the members.
func (c *clusterStatusCommand) Run(ctx context.Context, std streams) error {
	members, body, err := c.members(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		_, err = std.out.Write(body)
		return err
	}
	_, width := terminal(std.out)
	_, err = io.WriteString(std.out, memberTable(members, width))
	return err
}

const (
	shortID    = 8 // characters of an id that are shown where there is no room; more if need be
	minVersion = 8 // columns of a version, which is folded where there is no room
)

// memberTable writes the members for a terminal of that width; 0: as wide as it
// gets, a line a member. Only a long address makes it wider than 80 columns.
func memberTable(members []admin.Member, width int) string {
	t := newMemberTable("member", "address", "state", "age", "partitions", "sessions", "connections", "version")
	for _, m := range members {
		t.AppendRow(table.Row{mark(m) + m.ID, orDash(m.Address), m.State, age(m), m.Partitions, m.Sessions, m.Connections, m.Version})
	}
	wide := t.Render()
	if width == 0 || text.LongestLineLen(wide) <= width {
		return wide + "\n" + summary(members)
	}
	const gap = 2 // that follows each column
	withoutVersion := text.LongestLineLen(narrowTable(members, false).Render()) + gap
	t = narrowTable(members, true)
	t.SetColumnConfigs(append(numbers(), table.ColumnConfig{Name: "version", WidthMax: max(minVersion, width-withoutVersion)}))
	return t.Render() + "\n" + summary(members)
}

// narrowTable has the address below the id.
func narrowTable(members []admin.Member, version bool) table.Writer {
	headings := []string{"member", "state", "age", "partitions", "sessions", "connections", "version"}
	if !version {
		headings = headings[:len(headings)-1]
	}
	t := newMemberTable(headings...)
	for _, m := range members {
		member := mark(m) + shorten(members, m.ID)
		if m.Address != "" {
			member += "\n  " + m.Address
		}
		row := table.Row{member, m.State, age(m), m.Partitions, m.Sessions, m.Connections}
		if version {
			row = append(row, m.Version)
		}
		t.AppendRow(row)
	}
	return t
}

func newMemberTable(headings ...string) table.Writer {
	headings[0] = "  " + headings[0] // as wide as the mark
	t := newTable(headings...)
	t.SetColumnConfigs(numbers())
	return t
}

// numbers stand to the right.
func numbers() (configs []table.ColumnConfig) {
	for _, name := range []string{"age", "partitions", "sessions", "connections"} {
		configs = append(configs, table.ColumnConfig{Name: name, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	return configs
}

// summary tells what the columns come to.
func summary(members []admin.Member) string {
	var partitions, sessions, connections, draining int
	for _, m := range members {
		partitions += m.Partitions
		sessions += m.Sessions
		connections += m.Connections
		if m.State != "up" {
			draining++
		}
	}
	s := fmt.Sprintf("\n%s, %s, %s; * is the one that was asked.\n",
		count(len(members), "member"), count(sessions, "session"), count(connections, "connection"))
	if draining > 0 {
		s += fmt.Sprintf("%d of them draining: about to leave, and owning nothing.\n", draining)
	}
	if partitions < sighej.Partitions {
		s += fmt.Sprintf("Nobody owns %d of the %d partitions: their sessions are answered 503.\n", sighej.Partitions-partitions, sighej.Partitions)
	}
	return s
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func mark(m admin.Member) string {
	if m.Self {
		return "* "
	}
	return "  "
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// shorten cuts an id to what no other one begins with.
func shorten(members []admin.Member, id string) string {
	for n := shortID; n < len(id); n++ {
		if len(beginningWith(members, id[:n])) == 1 {
			return id[:n]
		}
	}
	return id
}

// beginningWith returns the members whose id begins so.
func beginningWith(members []admin.Member, prefix string) (those []admin.Member) {
	for _, m := range members {
		if strings.HasPrefix(m.ID, prefix) {
			those = append(those, m)
		}
	}
	return those
}

// age tells how old a member is, in its two largest units.
func age(m admin.Member) string {
	d := time.Duration(m.AgeSeconds) * time.Second
	days, hours := int(d.Hours())/24, int(d.Hours())%24
	minutes, seconds := int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh%dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm%ds", minutes, seconds)
	}
	return fmt.Sprintf("%ds", seconds)
}
