package server

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/puzpuzpuz/xsync/v4"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"i80.dk/sighej"
)

// storeMetrics tells how the stores do.
type storeMetrics struct {
	seconds *prometheus.HistogramVec
	calls   *prometheus.CounterVec
	tracer  trace.Tracer // nil: nothing is traced
}

func newStoreMetrics(r prometheus.Registerer) storeMetrics {
	m := storeMetrics{
		seconds: prometheus.NewHistogramVec(histogramOpts("store_seconds", "How long a call of a store took, whatever became of it.",
			.00001, .0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 2.5), []string{"store", "operation"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "store_calls_total", Help: "Calls of a store by what became of them: ok, or the code of the error; of a commit its outcome.",
		}, []string{"store", "operation", "outcome"}),
	}
	r.MustRegister(m.seconds, m.calls)
	return m
}

// okOutcome is that of a call without an error.
const okOutcome = "ok"

// operation is what is known of one operation of a store.
type operation struct {
	name     string
	tracer   trace.Tracer // nil: nothing is traced
	seconds  prometheus.Observer
	every    uint32 // call is timed
	begun    atomic.Uint32
	calls    *prometheus.CounterVec // of this operation
	ok       prometheus.Counter
	outcomes *xsync.Map[string, prometheus.Counter] // the others, once they have come
}

// operation is one of a store's. One call in every is timed, all are counted.
func (m storeMetrics) operation(store, name string, every uint32) *operation {
	labels := prometheus.Labels{"store": store, "operation": name}
	calls := m.calls.MustCurryWith(labels)
	return &operation{
		name: store + " " + name, tracer: m.tracer,
		seconds: m.seconds.With(labels), every: every, calls: calls, ok: calls.WithLabelValues(okOutcome),
		outcomes: xsync.NewMap[string, prometheus.Counter](),
	}
}

// storeCall is one call under way.
type storeCall struct {
	of    *operation
	began time.Time  // zero: it is not timed
	span  trace.Span // nil: it is in no trace
}

// begin notes the beginning of a call, and starts its span if it is part of a sampled
// trace; ctx is for the store.
func (o *operation) begin(ctx context.Context) (context.Context, storeCall) {
	call := storeCall{of: o}
	if o.every <= 1 || o.begun.Add(1)%o.every == 0 {
		call.began = time.Now()
	}
	if o.tracer != nil && trace.SpanContextFromContext(ctx).IsSampled() {
		ctx, call.span = o.tracer.Start(ctx, o.name, trace.WithSpanKind(trace.SpanKindClient))
	}
	return ctx, call
}

func (c storeCall) end(err error) {
	if err == nil {
		c.endAs(okOutcome)
		return
	}
	c.endAs(string(sighej.CodeOf(err)))
}

func (c storeCall) endAs(outcome string) {
	if !c.began.IsZero() {
		c.of.seconds.Observe(time.Since(c.began).Seconds())
	}
	c.of.outcome(outcome).Inc()
	if c.span != nil {
		c.span.SetAttributes(attribute.String("sighej.outcome", outcome))
		c.span.End()
	}
}

func (o *operation) outcome(name string) prometheus.Counter {
	if name == okOutcome {
		return o.ok
	}
	counter, ok := o.outcomes.Load(name)
	if !ok {
		counter = o.calls.WithLabelValues(name)
		o.outcomes.Store(name, counter)
	}
	return counter
}
