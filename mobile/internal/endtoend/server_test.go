package endtoend

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

// member is a real server in this process, behind a proxy that can spoil the way
// to it.
type member struct {
	t       testing.TB
	options server.Options
	proxy   *toxiproxy.Proxy
	admin   string
	stop    func() // once; ends it and waits
}

// startMember runs one on free ports.
func startMember(t testing.TB, change func(*server.Options)) *member {
	t.Helper()
	o := server.DefaultOptions()
	o.ListenAddr, o.AdminListenAddr, o.DataDir = freeAddress(t), "127.0.0.1:0", t.TempDir()
	if change != nil {
		change(&o)
	}
	m := &member{t: t, options: o}
	m.start()
	t.Cleanup(func() { m.stop() })
	toxics := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	m.proxy = toxiproxy.NewProxy(toxics, "member", freeAddress(t), m.options.ListenAddr)
	if err := m.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.proxy.Stop)
	return m
}

// freeAddress is one that stays free while what listens there is stopped.
func freeAddress(t testing.TB) string {
	t.Helper()
	port, err := testservers.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// start starts it, or starts it again at the same address.
func (m *member) start() {
	m.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan server.Addresses, 1), make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, m.options, "test", slog.New(slog.DiscardHandler), func(a server.Addresses) { listening <- a })
	}()
	m.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			m.t.Error("the member ended with", err)
		}
	})
	select {
	case at := <-listening:
		m.options.ListenAddr, m.admin = at.Public, "http://"+at.Admin
	case err := <-ended:
		m.t.Fatal("the member did not start:", err)
	}
}

// base is where phones reach it, through the proxy.
func (m *member) base() string { return "http://" + m.proxy.Listen }

func (m *member) toxic(kind string, attributes string) {
	m.t.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		text := fmt.Sprintf(`{"name":"%s-%s","type":"%s","stream":"%s","attributes":%s}`, kind, stream, kind, stream, attributes)
		if _, err := m.proxy.Toxics.AddToxicJson(strings.NewReader(text)); err != nil {
			m.t.Fatal(err)
		}
	}
}

// stats is what its operator sees.
func (m *member) stats() (stats wire.Stats) {
	m.t.Helper()
	res, err := http.Get(m.admin + "/stats")
	if err != nil {
		m.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&stats); err != nil {
		m.t.Fatal(err)
	}
	return stats
}
