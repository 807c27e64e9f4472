package transport

import (
	"net/http"
	"net/netip"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// tracing makes a span of each call.
type tracing struct {
	tracer  trace.Tracer // nil: of none
	proxies []netip.Prefix
}

// begin starts the span of a call, which its context then bears. End ends it; it is
// named by the route, never by the path, which may bear a token. A phone could have
// all its calls sampled by a header, so only what a trusted proxy says of a trace
// counts.
func (t tracing) begin(r *http.Request) (_ *http.Request, end func(route string, status int)) {
	if t.tracer == nil {
		return r, untraced
	}
	ctx := r.Context()
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && within(peer.Addr().Unmap(), t.proxies) {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
	if !span.IsRecording() {
		return r, untraced
	}
	return r.WithContext(ctx), func(route string, status int) {
		if route != "" && route != "/" {
			span.SetName(route)
			span.SetAttributes(attribute.String("http.route", route))
		}
		span.SetAttributes(attribute.String("http.request.method", r.Method), attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

func untraced(string, int) {}
