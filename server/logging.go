package server

import (
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// NewLogger returns a logger that writes to w from LOG_LEVEL on: text when w is
// a terminal and JSON elsewhere, unless LOG_FORMAT says which. It is safe for
// concurrent use.
func NewLogger(w io.Writer, o Options) *slog.Logger {
	how := &slog.HandlerOptions{Level: o.level()}
	if o.LogFormat == LogText || o.LogFormat != LogJSON && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, how))
	}
	return slog.New(slog.NewJSONHandler(w, how))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
