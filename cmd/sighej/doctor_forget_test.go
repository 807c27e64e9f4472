package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/server"
)

func forgetting(t *testing.T, m *testmember.Member, args ...string) (status int, out, errs string) {
	t.Helper()
	args = append([]string{"doctor", "forget", "--base", m.Base(), "--admin", m.AdminBase(), "--data-dir", m.Options.DataDir}, args...)
	return output(t, command(t, nil, args...))
}

func TestDoctorForgetFindsNothing(t *testing.T) {
	m := testmember.Start(t, func(o *server.Options) { o.SessionTTLSeconds = 10 })
	status, out, errs := forgetting(t, m, "--expiry")
	if status != 0 || strings.Count(out, "nothing was found\nsha256 ") != 2 || !strings.Contains(errs, "waiting for the second to expire") {
		t.Errorf("status %d, stderr %q\n%s", status, errs, out)
	}
	if !strings.Contains(out, "statistics.db-wal") {
		t.Errorf("SQLite was not searched:\n%s", out)
	}
}

func TestDoctorForgetFindsATrace(t *testing.T) {
	r := testservers.Redis(t)
	m := testmember.Start(t, func(o *server.Options) { o.RedisURL = r.URL() })
	status, out, errs := forgetting(t, m, "--redis-url", r.URL(), "--json")
	var answer map[string]struct {
		Findings []struct{ Secret, Where string }
		Sha256   string
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || status != 0 {
		t.Fatalf("status %d, %v, stderr %q: %s", status, err, errs, out)
	}
	if len(answer["alive"].Findings) == 0 || len(answer["over"].Findings) != 0 || len(answer["over"].Sha256) != 64 {
		t.Errorf("%+v", answer)
	}

	other := testservers.Redis(t)
	status, _, errs = forgetting(t, m, "--redis-url", other.URL())
	if status != exitFailure || !strings.Contains(errs, "not the Redis") {
		t.Errorf("another Redis: status %d, stderr %q", status, errs)
	}
}

func TestDoctorForgetNeedsItsFiles(t *testing.T) {
	m := testmember.Start(t, nil)
	status, _, errs := forgetting(t, m, "--file", filepath.Join(t.TempDir(), "absent.log"))
	if status != exitUsage || !strings.Contains(errs, "--file") {
		t.Errorf("status %d, stderr %q", status, errs)
	}
	log := filepath.Join(t.TempDir(), "member.log")
	if err := os.WriteFile(log, []byte(m.Log()), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, out, errs := forgetting(t, m, "--file", log); status != 0 || !strings.Contains(out, log) {
		t.Errorf("status %d, stderr %q\n%s", status, errs, out)
	}
}
