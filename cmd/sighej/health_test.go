package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"i80.dk/sighej/internal/testservers"
)

func TestHealth(t *testing.T) {
	redis := testservers.Redis(t)
	m := startMember(t, redis)
	address := "LISTEN_ADDR=" + strings.TrimPrefix(m.public, "http://")
	for _, args := range [][]string{{"health"}, {"health", "--ready"}} {
		status, out, errs := output(t, command(t, []string{address}, args...))
		if status != 0 || out != "ok: cluster ok, sessions ok, statistics ok\n" || errs != "" {
			t.Errorf("%v: status %d, %q, %q", args, status, out, errs)
		}
	}
	redis.Stop()
	// It lives, so nobody shall restart it, and is not to get phones.
	if status, out, errs := output(t, command(t, []string{address}, "health")); status != 0 || !strings.Contains(out, "sessions unavailable") {
		t.Errorf("without Redis: status %d, %q, %q", status, out, errs)
	}
	if status, out, errs := output(t, command(t, []string{address}, "health", "--ready")); status != exitFailure || !strings.Contains(out, "sessions unavailable") || errs != "" {
		t.Errorf("ready without Redis: status %d, %q, %q", status, out, errs)
	}
}

func TestHealthOfNobody(t *testing.T) {
	status, _, errs := output(t, command(t, []string{"LISTEN_ADDR=127.0.0.1:1"}, "health"))
	if status != exitFailure || !strings.Contains(errs, "connection refused") {
		t.Errorf("status %d, %q", status, errs)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	status, _, errs = output(t, command(t, nil, "health", "--base", other.URL))
	if status != exitFailure || !strings.Contains(errs, "no member of SigHej") {
		t.Errorf("status %d, %q", status, errs)
	}
	for _, args := range [][]string{{"--base", "example"}, {"--timeout", "0s"}} {
		if status, _, errs := output(t, command(t, nil, append([]string{"health"}, args...)...)); status != exitUsage || !strings.Contains(errs, args[0]) {
			t.Errorf("%v: status %d, %q", args, status, errs)
		}
	}
}
