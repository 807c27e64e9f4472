package actors

import (
	"testing"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"i80.dk/sighej/persistence/memstore"
)

// With nothing traced a message is sent as it is, and nothing is allocated for it.
func TestNoTraceCostsNothing(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	ctx := trace.ContextWithSpanContext(t.Context(), sampled())
	var message any = &sight{}
	if n := testing.AllocsPerRun(100, func() {
		at := s.trailOf(ctx)
		if at.wrap(message) != message || at.encode() != nil || at.context() == nil {
			t.Error("something is traced")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func sampled() trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, 15: 2}, SpanID: trace.SpanID{3, 7: 4}, TraceFlags: trace.FlagsSampled})
}

// A trail survives its way to another member; what is none, or was not sampled, is
// none there.
func TestTrailsTravel(t *testing.T) {
	s := newSystem(t, memstore.New(), func(c *Config) { c.Tracer = noop.NewTracerProvider().Tracer("") })
	sent := s.trailOf(trace.ContextWithSpanContext(t.Context(), sampled())).encode()
	if got := s.arrived(sent); got == nil || !got.at.Equal(sampled().WithRemote(true)) {
		t.Error(got)
	}
	unsampled := append([]byte{}, sent...)
	unsampled[encodedTrail-1] = 0
	for _, b := range [][]byte{nil, {}, sent[:encodedTrail-1], append(sent, 0), make([]byte, encodedTrail), unsampled} {
		if got := s.arrived(b); got != nil {
			t.Errorf("%x: %v", b, got)
		}
	}
}
