package server

import (
	"context"
	"io"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/term"
)

// NewLogger returns a logger that writes to w from LOG_LEVEL on: text when w is
// a terminal and JSON elsewhere, unless LOG_FORMAT says which. It is safe for
// concurrent use. A line that is written within a sampled trace bears its trace_id.
func NewLogger(w io.Writer, o Options) *slog.Logger {
	how := &slog.HandlerOptions{Level: o.level()}
	if o.LogFormat == LogText || o.LogFormat != LogJSON && isTerminal(w) {
		return slog.New(withTrace{slog.NewTextHandler(w, how)})
	}
	return slog.New(withTrace{slog.NewJSONHandler(w, how)})
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// withTrace adds the id of the trace that a line belongs to.
type withTrace struct{ slog.Handler }

// Handle implements [slog.Handler], as do the others.
func (h withTrace) Handle(ctx context.Context, r slog.Record) error {
	if at := trace.SpanContextFromContext(ctx); at.IsSampled() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", at.TraceID().String()), slog.String("span_id", at.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps adding it.
func (h withTrace) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withTrace{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps adding it.
func (h withTrace) WithGroup(name string) slog.Handler { return withTrace{h.Handler.WithGroup(name)} }
