package actors

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/cluster"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/wire"
)

// abode is the Placement that a membership gives.
type abode struct {
	m atomic.Pointer[cluster.Membership]
}

func (a *abode) Home(token sighej.Token) (string, bool) {
	if m := a.m.Load(); m != nil {
		return m.Home(sighej.Partition(token))
	}
	return "", false
}

func (a *abode) Members() map[string]bool {
	all := map[string]bool{}
	if m := a.m.Load(); m != nil {
		for _, member := range m.View().Members() {
			all[member.Address] = true
		}
	}
	return all
}

func (a *abode) Unsettled() time.Duration { return a.m.Load().Unsettled() }

func (a *abode) MayAct() bool { m := a.m.Load(); return m != nil && m.MayAct() }

// newRemoteCrowds is members in this process that talk over real remoting, and
// the sessions that live on each.
func newRemoteCrowds(b *testing.B, members, sessions int) []crowd {
	b.Helper()
	leases, store := cluster.NewStaticLeases(), memstore.New()
	crowds := make([]crowd, members)
	abodes := make([]*abode, members)
	for i := range crowds {
		incarnation, err := cluster.Open(cluster.Config{Leases: leases, Protocol: 1}, cluster.Endpoint{Listen: "127.0.0.1:0", Gate: GateName})
		if err != nil {
			b.Fatal(err)
		}
		abodes[i] = new(abode)
		crowds[i].system = New(Config{
			Store: store, Lexicon: lexicon(), TTL: 2 * time.Hour, Logger: slog.New(slog.DiscardHandler), Immediate: true,
			Placement: abodes[i], Actors: incarnation.System,
		})
		membership, err := incarnation.Join(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		abodes[i].m.Store(membership)
		b.Cleanup(func() {
			_ = crowds[i].system.Close(context.Background(), wire.CloseDraining)
			_ = membership.Leave(context.Background())
			incarnation.Close()
		})
	}
	for _, a := range abodes {
		eventually(b, "all to see all", func() bool { return len(a.m.Load().View().Members()) == members })
	}
	labels := catalogueLabels()
	for i := 0; i < sessions; i++ {
		token := sighej.NewToken()
		for k, a := range abodes {
			if _, here := a.Home(token); here {
				half := len(labels) / members
				interests := []string{labels[k*half+rand.IntN(half)], labels[k*half+rand.IntN(half)], labels[k*half+rand.IntN(half)]}
				if _, err := crowds[k].system.Register(b.Context(), sighej.NewSession{Token: token, Interests: interests, Open: true}); err != nil {
					b.Fatal(err)
				}
				snap, _ := crowds[k].system.index.Load(token)
				crowds[k].snaps = append(crowds[k].snaps, snap)
			}
		}
	}
	return crowds
}

// BenchmarkSightingsAcross is sightings of sessions on another member without an
// overlap, one a message, pipelined. CPU is that of both members.
func BenchmarkSightingsAcross(b *testing.B) {
	const window = 4096
	crowds := newRemoteCrowds(b, 2, 40_000)
	slots := make(chan struct{}, window)
	var failed atomic.Int64
	done := func(v []sighej.Verdict, err error) {
		if (err != nil || v[0].Code != "") && failed.Add(1) == 1 {
			b.Log(v, err)
		}
		<-slots
	}
	messages, reporters := make([]*sight, 1<<15), make([]*snapshot, 1<<15)
	for i := range messages {
		messages[i] = &sight{[]sighej.Sighting{{Token: crowds[1].snaps[rand.IntN(len(crowds[1].snaps))].session.Token}}, done}
		reporters[i] = crowds[0].snaps[rand.IntN(len(crowds[0].snaps))]
	}
	runtime.GC()
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime(b)
	for i := range b.N {
		slots <- struct{}{}
		crowds[0].system.send(reporters[i%len(messages)].pid, messages[i%len(messages)])
	}
	for range window {
		slots <- struct{}{}
	}
	perCoreSecond(b, start, b.N, "sightings")
	if failed.Load() > 0 {
		b.Errorf("%d failed", failed.Load())
	}
}
