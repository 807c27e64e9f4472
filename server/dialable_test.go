package server_test

import (
	"testing"

	"i80.dk/sighej/server"
)

func TestDialable(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:8000": "127.0.0.1:8000", "0.0.0.0:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80", ":80": "127.0.0.1:80",
		"[::1]:80": "[::1]:80", "10.0.0.7:80": "10.0.0.7:80",
	} {
		if got := server.Dialable(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
