package actors

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"i80.dk/sighej"
)

// trail is the place in a trace that something comes from. Most messages are in
// none: nil, and whatever is done with it then costs next to nothing. There is one
// only with a Config.Tracer, and only of a trace that was sampled.
type trail struct{ at trace.SpanContext }

// traced is a message that is part of a trace. Only these bear a trail, so that all
// others stay as small as they are.
type traced struct {
	message any
	trail   *trail
	sent    time.Time
}

// trailOf returns where a caller is in a trace.
func (s *System) trailOf(ctx context.Context) *trail {
	if s.cfg.Tracer == nil {
		return nil
	}
	at := trace.SpanContextFromContext(ctx)
	if !at.IsSampled() {
		return nil
	}
	return &trail{at}
}

// wrap makes a message part of the trace.
func (t *trail) wrap(message any) any {
	if t == nil {
		return message
	}
	return &traced{message, t, time.Now()}
}

// unwrap returns the message itself, and its trail.
func unwrap(message any) (any, *trail) {
	if m, ok := message.(*traced); ok {
		return m.message, m.trail
	}
	return message, nil
}

// context is for calls that are part of the trace.
func (t *trail) context() context.Context {
	if t == nil {
		return context.Background()
	}
	return trace.ContextWithSpanContext(context.Background(), t.at)
}

// begin starts a span; end ends it.
func (s *System) begin(t *trail, name string, how ...trace.SpanStartOption) (inside *trail, end func()) {
	if t == nil {
		return nil, func() {}
	}
	_, span := s.cfg.Tracer.Start(t.context(), name, how...)
	return &trail{span.SpanContext()}, func() { span.End() }
}

// take starts the span of a message that an actor takes: from its sending on, so
// that the wait in the mailbox is part of it.
func (s *System) take(m *traced, actor string) (inside *trail, end func()) {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", m.message), "*actors.")
	return s.begin(m.trail, actor+" "+kind, trace.WithTimestamp(m.sent),
		trace.WithAttributes(attribute.Int64("sighej.mailbox_wait_us", time.Since(m.sent).Microseconds())))
}

// root makes sightings that a phone sent by WebSocket the beginning of a trace, if
// they are sampled. It ends when they are answered.
func (s *System) root(m *sight) any {
	if s.cfg.Tracer == nil {
		return m
	}
	ctx, span := s.cfg.Tracer.Start(context.Background(), "frame sighting", trace.WithSpanKind(trace.SpanKindServer))
	if !span.IsRecording() {
		return m
	}
	return s.trailOf(ctx).wrap(&sight{m.sightings, func(verdicts []sighej.Verdict, err error) {
		span.End()
		m.done(verdicts, err)
	}})
}

// encodedTrail is how many bytes a trail takes on its way: the ids of trace and
// span, and the flags.
const encodedTrail = 16 + 8 + 1

func (t *trail) encode() []byte {
	if t == nil {
		return nil
	}
	id, span := t.at.TraceID(), t.at.SpanID()
	b := append(make([]byte, 0, encodedTrail), id[:]...)
	return append(append(b, span[:]...), byte(t.at.TraceFlags()))
}

// arrived returns the trail that came with an item of another member. What is none
// is taken for none.
func (s *System) arrived(b []byte) *trail {
	if len(b) != encodedTrail || s.cfg.Tracer == nil {
		return nil
	}
	config := trace.SpanContextConfig{TraceFlags: trace.TraceFlags(b[encodedTrail-1]), Remote: true}
	copy(config.TraceID[:], b)
	copy(config.SpanID[:], b[16:])
	at := trace.NewSpanContext(config)
	if !at.IsValid() || !at.IsSampled() {
		return nil
	}
	return &trail{at}
}
