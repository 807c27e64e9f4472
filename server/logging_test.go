package server_test

import (
	"bytes"
	"strings"
	"testing"

	"i80.dk/sighej/server"
)

func TestNewLogger(t *testing.T) {
	for _, tc := range []struct{ level, format, want, lack string }{
		{"info", server.LogAuto, `"msg":"heard"`, "quiet"}, // a buffer is no terminal
		{"info", server.LogJSON, `"msg":"heard"`, "quiet"},
		{"info", server.LogText, "msg=heard", "quiet"},
		{"debug", server.LogText, "msg=quiet", `"msg"`},
		{"error", server.LogText, "", "heard"},
	} {
		var b bytes.Buffer
		log := server.NewLogger(&b, server.Options{LogLevel: tc.level, LogFormat: tc.format})
		log.Debug("quiet")
		log.Info("heard")
		if got := b.String(); !strings.Contains(got, tc.want) || strings.Contains(got, tc.lack) {
			t.Errorf("level %s, format %s: %s", tc.level, tc.format, got)
		}
	}
}
