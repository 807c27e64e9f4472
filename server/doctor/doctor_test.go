package doctor_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej/cluster"
	"i80.dk/sighej/server"
	"i80.dk/sighej/server/doctor"
)

const randomKey = "q3Zl0Vb7xW2nKd9sTfYc4HgR8mJp6UoA"

// settings are those of a member that lacks nothing, on ports that are free.
func settings(t *testing.T) server.Options {
	t.Helper()
	o := server.DefaultOptions()
	o.ListenAddr, o.AdminListenAddr = "127.0.0.1:0", "127.0.0.1:0"
	o.DataDir, o.InterestKey = filepath.Join(t.TempDir(), "data"), randomKey
	return o
}

func examine(t *testing.T, o server.Options) doctor.Report {
	t.Helper()
	return doctor.Examine(t.Context(), doctor.Config{Options: o, Now: time.Now})
}

// want fails the test unless that check came out so, with those words.
func want(t *testing.T, r doctor.Report, check string, state doctor.State, words string) {
	t.Helper()
	for _, f := range r {
		if f.Check == check && strings.Contains(f.Found, words) {
			if f.State != state {
				t.Errorf("%s is %s, not %s: %s", check, f.State, state, f.Found)
			}
			if (f.Mend == "") != (state == doctor.OK) {
				t.Errorf("%s is %s, and to mend it: %q", check, state, f.Mend)
			}
			return
		}
	}
	t.Errorf("no %s says %q:%s", check, words, text(r))
}

func text(r doctor.Report) string {
	var b strings.Builder
	for _, f := range r {
		fmt.Fprintf(&b, "\n%s %s: %s", f.State, f.Check, f.Found)
	}
	return b.String()
}

func TestAllIsWellWithoutAnyServer(t *testing.T) {
	r := examine(t, settings(t))
	if r.Count(doctor.OK) != len(r) || len(r) < 8 {
		t.Error(text(r))
	}
}

func TestSettings(t *testing.T) {
	o := settings(t)
	o.Auth, o.TrustedProxies = server.AuthBeacon, "10.0.0.7,0.0.0.0/0"
	r := examine(t, o)
	want(t, r, "auth", doctor.Warning, "beacon")
	want(t, r, "trusted proxies", doctor.Warning, "0.0.0.0/0")

	o.RedisURL, o.SessionTTLSeconds = "ftp://u:s3cr3t@h", 0
	r = examine(t, o)
	want(t, r, "settings", doctor.Fault, "REDIS_URL")
	want(t, r, "settings", doctor.Fault, "SESSION_TTL_SECONDS")
	if len(r) != 2 || strings.Contains(text(r), "s3cr3t") {
		t.Error(text(r))
	}
}

func TestInterestKey(t *testing.T) {
	for _, tc := range []struct {
		key   string
		state doctor.State
		words string
	}{
		{randomKey, doctor.OK, "random"},
		{"0f3a9c5e7b1d2486f0a1b3c5d7e9f8a6", doctor.OK, "random"}, // openssl rand -hex 16
		{"xlvu3Hnc9JxV0y1QmbYbX8Zr4o+e/7GdUuE2kq5wS9A=", doctor.OK, "random"},
		{strings.Repeat("k", 32), doctor.Fault, "repeats"},
		{strings.Repeat("0123456789", 4), doctor.Fault, "repeats"},
		{strings.Repeat("password", 4), doctor.Fault, "repeats"},
		{"correct horse battery staple and some more words", doctor.Warning, "no digit"},
		{"at-least-32-characters-that-nobody-guesses", doctor.Fault, "example"},
	} {
		o := settings(t)
		o.InterestKey = tc.key
		r := examine(t, o)
		want(t, r, "interest key", tc.state, tc.words)
		if strings.Contains(text(r), tc.key) {
			t.Errorf("the key is told: %s", text(r))
		}
	}
}

func TestOwnInterestKey(t *testing.T) {
	o := settings(t)
	o.InterestKey = ""
	if _, err := server.Key(o.DataDir, ""); err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, o), "interest key", doctor.OK, "interest.key")
	if err := os.Chmod(filepath.Join(o.DataDir, "interest.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, o), "interest key", doctor.Fault, "read by others")
}

func TestDataDir(t *testing.T) {
	o := settings(t)
	want(t, examine(t, o), "data directory", doctor.OK, "will be made")
	if _, err := os.Stat(o.DataDir); err == nil {
		t.Error("the doctor made it")
	}
	if err := os.Mkdir(o.DataDir, 0o700); err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, o), "data directory", doctor.OK, "writable")
	if left, err := os.ReadDir(o.DataDir); err != nil || len(left) != 0 {
		t.Errorf("the doctor left %v, %v", left, err)
	}
	o.DataDir = filepath.Join(o.DataDir, "file", "below")
	if err := os.WriteFile(filepath.Dir(o.DataDir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, o), "data directory", doctor.Fault, "not a directory")
	o.DatabaseURL = "postgres://127.0.0.1:1/none?connect_timeout=1"
	want(t, examine(t, o), "data directory", doctor.OK, "not needed")
}

func TestPorts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	o := settings(t)
	want(t, examine(t, o), "port", doctor.OK, "ADMIN_LISTEN_ADDR 127.0.0.1:0 is free")
	o.AdminListenAddr = taken.Addr().String()
	want(t, examine(t, o), "port", doctor.Fault, "ADMIN_LISTEN_ADDR "+o.AdminListenAddr+" is taken")
	o.ListenAddr = "192.0.2.1:8000" // TEST-NET-1 is nobody's
	want(t, examine(t, o), "port", doctor.Fault, "LISTEN_ADDR 192.0.2.1:8000 is not of this machine")
}

// A member that runs has the ports of its settings.
func TestPortsOfAMemberThatRuns(t *testing.T) {
	member := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"status": "ok", "components": {"sessions": "ok"}}`))
	}))
	defer member.Close()
	o := settings(t)
	o.ListenAddr = strings.TrimPrefix(member.URL, "http://")
	want(t, examine(t, o), "port", doctor.OK, "a member runs here")

	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	o.ListenAddr = strings.TrimPrefix(other.URL, "http://")
	want(t, examine(t, o), "port", doctor.Fault, "is taken")
}

func TestOpenFiles(t *testing.T) {
	for _, tc := range []struct {
		limit       uint64
		connections int
		state       doctor.State
	}{
		{0, 1_000_000, doctor.OK}, {1_500, 1_000, doctor.OK}, {1_499, 1_000, doctor.Fault}, {1_500, 0, doctor.Warning}, {0, 0, doctor.OK},
	} {
		o := settings(t)
		o.MaxConnections = tc.connections
		r := doctor.Examine(t.Context(), doctor.Config{Options: o, Now: time.Now, Files: tc.limit})
		want(t, r, "open files", tc.state, "")
	}
}

func TestOpenFilesOfThisProcess(t *testing.T) {
	if limit := doctor.OpenFiles(); limit != 0 && limit < 256 {
		t.Errorf("%d files", limit)
	}
}

func TestCertificates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	if err := cluster.WriteCertificates(dir, []string{"127.0.0.1", "member-1.example"}); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	o := settings(t)
	o.RedisURL, o.ClusterListenAddr = "redis://127.0.0.1:1", "127.0.0.1:0"
	want(t, examine(t, o), "cluster tls", doctor.OK, "loopback")

	o.ClusterTLSCA, o.ClusterTLSCert, o.ClusterTLSKey = file("ca.crt"), file("127.0.0.1.crt"), file("127.0.0.1.key")
	want(t, examine(t, o), "cluster tls", doctor.OK, "for 127.0.0.1, until 20")
	for days, state := range map[int]doctor.State{1: doctor.OK, 340: doctor.Warning, 366: doctor.Fault} {
		now := func() time.Time { return time.Now().AddDate(0, 0, days) }
		r := doctor.Examine(t.Context(), doctor.Config{Options: o, Now: now})
		want(t, r, "cluster tls", state, "20")
	}
	o.ClusterAdvertiseAddr = "member-2.example:9000"
	want(t, examine(t, o), "cluster tls", doctor.Fault, "member-2.example")
	o.ClusterTLSKey = file("member-1.example.key")
	want(t, examine(t, o), "cluster tls", doctor.Fault, "private key does not match")
	if err := os.Chmod(o.ClusterTLSKey, 0o644); err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, o), "cluster tls key", doctor.Warning, "by everybody")

	o.ClusterTLSCA, o.ClusterTLSCert, o.ClusterTLSKey, o.ClusterAdvertiseAddr = "", "", "", ""
	o.ClusterInsecure, o.ClusterListenAddr = "true", "0.0.0.0:0"
	o.ClusterAdvertiseAddr = "127.0.0.1:9000"
	want(t, examine(t, o), "cluster tls", doctor.Warning, "without TLS")
}
