package cluster_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"i80.dk/sighej/cluster"
	"i80.dk/sighej/internal/testservers"
)

// TestLeases is what every implementation has to do.
func TestLeases(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	for name, open := range map[string]func(t *testing.T) cluster.Leases{
		"static": func(*testing.T) cluster.Leases { return cluster.NewStaticLeases() },
		"redis": func(t *testing.T) cluster.Leases {
			server.FlushAll(t)
			return redisLeases(t, server)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for name, test := range map[string]func(*testing.T, cluster.Leases){
				"hold": testHold, "end": testEnd, "release": testRelease, "drain": testDrain, "realm": testRealm, "protocol": testProtocol, "notices": testNotices,
			} {
				t.Run(name, func(t *testing.T) { test(t, open(t)) })
			}
		})
	}
}

const long = time.Minute

func member(id string, protocol, accepts int) cluster.Member {
	return cluster.Member{ID: id, Address: "127.0.0.1:7000", Protocol: protocol, Accepts: accepts, State: cluster.Up}
}

func ids(members []cluster.Member) []string {
	var ids []string
	for _, m := range members {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	return ids
}

func want(t *testing.T, members []cluster.Member, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(members); !slices.Equal(got, want) {
		t.Fatalf("members %v, want %v", got, want)
	}
}

func testHold(t *testing.T, leases cluster.Leases) {
	a, b := member("a", 1, 1), member("b", 1, 1)
	members, err := leases.Acquire(t.Context(), a, long)
	want(t, members, err, "a")
	members, err = leases.Acquire(t.Context(), b, long)
	want(t, members, err, "a", "b")
	members, err = leases.Acquire(t.Context(), b, long) // its answer was lost, say
	want(t, members, err, "a", "b")
	a.Counts.Sessions, a.State = 7, cluster.Draining
	members, _, err = leases.Renew(t.Context(), a, long, false)
	want(t, members, err, "a", "b")
	members, _, err = leases.Renew(t.Context(), b, long, false)
	want(t, members, err, "a", "b")
	if i := slices.IndexFunc(members, func(m cluster.Member) bool { return m.ID == "a" }); members[i] != a {
		t.Errorf("a is listed as %+v, want %+v", members[i], a)
	}
}

func testEnd(t *testing.T, leases cluster.Leases) {
	const short = 50 * time.Millisecond
	a, b := member("a", 1, 1), member("b", 1, 1)
	_, err := leases.Acquire(t.Context(), b, short)
	want(t, nil, err)
	_, err = leases.Acquire(t.Context(), a, long)
	want(t, nil, err)
	until(t, "the lease of b is over", func() bool {
		members, _, err := leases.Renew(t.Context(), a, long, false)
		return err == nil && slices.Equal(ids(members), []string{"a"})
	})
	if _, _, err := leases.Renew(t.Context(), b, long, false); !errors.Is(err, cluster.ErrLost) {
		t.Errorf("renewing a lease that is over: %v, want ErrLost", err)
	}
	members, _, err := leases.Renew(t.Context(), a, long, false)
	want(t, members, err, "a")
}

func testRelease(t *testing.T, leases cluster.Leases) {
	a, b := member("a", 1, 1), member("b", 1, 1)
	_, err := leases.Acquire(t.Context(), a, long)
	want(t, nil, err)
	_, err = leases.Acquire(t.Context(), b, long)
	want(t, nil, err)
	for range 2 {
		if err := leases.Release(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
	}
	members, _, err := leases.Renew(t.Context(), a, long, false)
	want(t, members, err, "a")
	if _, _, err := leases.Renew(t.Context(), b, long, false); !errors.Is(err, cluster.ErrLost) {
		t.Errorf("renewing a released lease: %v, want ErrLost", err)
	}
}

func testProtocol(t *testing.T, leases cluster.Leases) {
	there := member("a", 2, 2)
	_, err := leases.Acquire(t.Context(), there, long)
	want(t, nil, err)
	for _, c := range []struct {
		m  cluster.Member
		ok bool
	}{{member("old", 1, 1), false}, {member("new", 3, 3), false}, {member("between", 3, 2), true}} {
		_, err := leases.Acquire(t.Context(), c.m, long)
		refused, is := errors.AsType[*cluster.ProtocolError](err)
		if is == c.ok || is && (refused.Own != c.m.Protocol || refused.Cluster != 2) {
			t.Errorf("%s: %v", c.m.ID, err)
		}
	}
	members, _, err := leases.Renew(t.Context(), there, long, false)
	want(t, members, err, "a", "between")
}

func testNotices(t *testing.T, leases cluster.Leases) {
	ctx, stop := context.WithCancel(t.Context())
	notices := make(chan cluster.Notice, 100)
	var watching sync.WaitGroup
	watching.Go(func() {
		if err := leases.Watch(ctx, func(n cluster.Notice) { notices <- n }); err != nil {
			t.Error(err)
		}
	})
	defer watching.Wait()
	defer stop()
	a := member("a", 1, 1)
	until(t, "the watcher hears", func() bool { // it may start late
		_, err := leases.Acquire(ctx, a, long)
		want(t, nil, err)
		if err := leases.Release(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		return len(notices) > 0
	})
	refuse := func(protocol int) error {
		if _, err := leases.Acquire(ctx, member("b", protocol, protocol), long); err == nil {
			return errors.New("b is not refused")
		}
		return nil
	}
	marks := 100
	heard := func(what string, n cluster.Notice, do func() error) {
		t.Helper()
		marks++ // notices come in order: after this one there are no older ones
		if err := errors.Join(refuse(marks), next(t, notices, cluster.Notice{Refused: marks}), do(), next(t, notices, n)); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	_, err := leases.Acquire(ctx, a, long)
	want(t, nil, err)
	heard("an announcement", cluster.Notice{}, func() error { _, _, err := leases.Renew(ctx, a, long, true); return err })
	heard("a refusal", cluster.Notice{Refused: 9}, func() error { return refuse(9) })
	heard("a release", cluster.Notice{}, func() error { return leases.Release(ctx, "a") })
}

// next waits for a notice and drops those before it.
func next(t *testing.T, notices <-chan cluster.Notice, n cluster.Notice) error {
	t.Helper()
	until(t, "the notice comes", func() bool { return len(notices) > 0 && <-notices == n })
	return nil
}

func testDrain(t *testing.T, leases cluster.Leases) {
	a, b := member("a", 1, 1), member("b", 1, 1)
	for _, m := range []cluster.Member{a, b} {
		if _, err := leases.Acquire(t.Context(), m, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := leases.AskToDrain(t.Context(), "nobody"); !errors.Is(err, cluster.ErrNoMember) {
		t.Errorf("asking nobody: %v", err)
	}
	if err := leases.AskToDrain(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it may miss the first answer
		if _, drain, err := leases.Renew(t.Context(), b, long, false); err != nil || !drain {
			t.Errorf("the member is not told: %t, %v", drain, err)
		}
	}
	if _, drain, err := leases.Renew(t.Context(), a, long, false); err != nil || drain {
		t.Errorf("another member is told: %t, %v", drain, err)
	}
}

func testRealm(t *testing.T, leases cluster.Leases) {
	of := func(id, realm string) cluster.Member {
		m := member(id, 1, 1)
		m.Realm = realm
		return m
	}
	_, err := leases.Acquire(t.Context(), of("a", "one"), long)
	want(t, nil, err)
	for _, realm := range []string{"another", ""} {
		if _, err := leases.Acquire(t.Context(), of("b", realm), long); !errors.Is(err, cluster.ErrRealm) {
			t.Errorf("realm %q: %v", realm, err)
		}
	}
	members, err := leases.Acquire(t.Context(), of("c", "one"), long)
	want(t, members, err, "a", "c")
}
