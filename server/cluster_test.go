package server

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"i80.dk/sighej"
	_ "i80.dk/sighej/internal/testraces"
	"i80.dk/sighej/internal/testservers"
)

// startCluster starts n members beside one Redis and waits until each knows all
// of them, so that no session moves any more.
func startCluster(t *testing.T, n int, change func(*Options)) []*member {
	t.Helper()
	redis := testservers.Redis(t)
	members := make([]*member, n)
	for i := range members {
		members[i] = start(t, func(o *Options) {
			o.RedisURL, o.InterestKey, o.ClusterListenAddr = redis.URL(), strings.Repeat("k", 32), "127.0.0.1:0"
			if change != nil {
				change(o)
			}
		})
	}
	for _, m := range members {
		m.awaitReady()
		eventually(t, "the member to know all others", func() bool {
			_, answer := m.exchange("GET", "http://"+m.addr.Admin+"/members", "", nil)
			known, _ := answer["members"].([]any)
			return len(known) == n
		})
	}
	return members
}

func (m *member) awaitReady() {
	m.t.Helper()
	eventually(m.t, "the member to be ready", func() bool {
		status, _ := m.call("GET", "/ready", "", nil)
		return status == 200
	})
}

// on is the same phone at another member.
func (c caller) on(m *member) caller { return caller{m, c.token, c.access} }

// A phone talks to any member, wherever its session and its peer's live.
func TestAnyMemberServesAnyPhone(t *testing.T) {
	members := startCluster(t, 3, nil)
	for i := range 12 {
		at := func(n int) *member { return members[(i+n)%3] }
		a := at(0).register(string(sighej.NewToken()), "devops", "Knitting socks")
		b := at(1).register(string(sighej.NewToken()), "knitting socks", "DevOps")
		sa, sb := a.on(at(2)).connect("sighej.v1"), b.connect("sighej.v1")
		sa.next("welcome")
		sb.next("welcome")
		status, answer := a.on(at(1)).hears(b.token)
		if got := fmt.Sprint(status, answer); got != "200 map[match:true nudge_sent:true shared_interests:[Knitting socks devops]]" {
			t.Error(got)
		}
		if n := sa.next("nudge"); fmt.Sprint(n["shared_interests"]) != "[Knitting socks devops]" {
			t.Error(n)
		}
		if n := sb.next("nudge"); fmt.Sprint(n["shared_interests"]) != "[DevOps knitting socks]" {
			t.Error(n)
		}
		status, answer = b.on(at(2)).hears(a.token)
		if got := fmt.Sprint(status, answer["match"], answer["nudge_sent"]); got != "200 true false" {
			t.Error(got)
		}
	}
}

// A member with another interest key would match nobody; it does not get in.
func TestAnotherInterestKeyIsRefused(t *testing.T) {
	redis := testservers.Redis(t)
	with := func(key string) func(*Options) {
		return func(o *Options) {
			o.RedisURL, o.InterestKey, o.ClusterListenAddr = redis.URL(), strings.Repeat(key, 32), "127.0.0.1:0"
			o.ListenAddr, o.AdminListenAddr, o.DataDir = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
		}
	}
	start(t, with("k")).awaitReady()
	o := DefaultOptions()
	with("x")(&o)
	err := Run(t.Context(), o, "test", slog.New(slog.DiscardHandler), nil)
	if err == nil || !strings.Contains(err.Error(), "INTEREST_KEY (--interest-key)") || strings.Contains(err.Error(), "xxx") {
		t.Error(err)
	}
}
