package main

import (
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"i80.dk/sighej/admin"
)

func threeMembers() []admin.Member {
	return []admin.Member{
		{ID: "2w5UGjapAWLgNHVcz5ZDcn", Address: "127.0.0.1:9000", Version: "v0.4.1", State: "up", Self: true, AgeSeconds: 59, Partitions: 520, Sessions: 1},
		{ID: "2w5UGjapZZZZNHVcz5ZDcn", Address: "127.0.0.1:9001", Version: "v0.4.1", State: "draining", AgeSeconds: 90061, Sessions: 12000, Connections: 9000},
		{ID: "V6gUeC9wvZbeQ9pRtFGGCM", Address: "127.0.0.1:9002", Version: "v0.4.2-17-g1234567-dirty", State: "up", AgeSeconds: 3725, Partitions: 504, Connections: 1},
	}
}

func TestMemberTable(t *testing.T) {
	const wide = `  member                  address         state      age  partitions  sessions  connections  version
───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
* 2w5UGjapAWLgNHVcz5ZDcn  127.0.0.1:9000  up         59s         520         1            0  v0.4.1
  2w5UGjapZZZZNHVcz5ZDcn  127.0.0.1:9001  draining  1d1h           0     12000         9000  v0.4.1
  V6gUeC9wvZbeQ9pRtFGGCM  127.0.0.1:9002  up        1h2m         504         0            1  v0.4.2-17-g1234567-dirty

3 members, 12001 sessions, 9001 connections; * is the one that was asked.
1 of them draining: about to leave, and owning nothing.
`
	const narrow = `  member          state      age  partitions  sessions  connections  version
────────────────────────────────────────────────────────────────────────────────
* 2w5UGjapA       up         59s         520         1            0  v0.4.1
  127.0.0.1:9000
  2w5UGjapZ       draining  1d1h           0     12000         9000  v0.4.1
  127.0.0.1:9001
  V6gUeC9w        up        1h2m         504         0            1  v0.4.2-17
  127.0.0.1:9002                                                     -g1234567
                                                                     -dirty

3 members, 12001 sessions, 9001 connections; * is the one that was asked.
1 of them draining: about to leave, and owning nothing.
`
	for width, want := range map[int]string{0: wide, 120: wide, 80: narrow} {
		got := memberTable(threeMembers(), width)
		if got != want {
			t.Errorf("%d columns:\n%s\nwant:\n%s", width, got, want)
		}
		if width > 0 && text.LongestLineLen(got) > width {
			t.Errorf("%d columns in a terminal of %d", text.LongestLineLen(got), width)
		}
	}
}

func TestMemberTableTellsOfPartitionsWithoutAnOwner(t *testing.T) {
	members := threeMembers()[:2]
	if got := memberTable(members, 0); !strings.Contains(got, "Nobody owns 504 of the 1024 partitions") {
		t.Error(got)
	}
}

func TestPick(t *testing.T) {
	members := append(threeMembers(), admin.Member{ID: "V6"})
	for prefix, want := range map[string]string{
		"2w5UGjapA": "2w5UGjapAWLgNHVcz5ZDcn", "V6g": "V6gUeC9wvZbeQ9pRtFGGCM", "V6": "V6",
		"V": "more than one", "2w5UGjap": "2w5UGjapZZZZNHVcz5ZDcn", "v6g": "no member", "V6gUeC9wvZbeQ9pRtFGGCMx": "no member",
	} {
		m, err := pick(members, prefix)
		if got := m.ID; err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v; want %s", prefix, got, err, want)
		}
	}
}
