package server

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// flushTime is how long a member that stops waits for its last spans to be taken.
const flushTime = time.Second

// tracing sends spans to a collector, if the settings name one. Nothing of it is
// global, since several members can live in one process.
type tracing struct {
	tracer   trace.Tracer // nil: nothing is traced
	provider *sdktrace.TracerProvider
}

// openTracing does not dial: a collector may be away, and spans are lost then, with
// a warning.
func openTracing(ctx context.Context, o Options, member, version string, logger *slog.Logger) (tracing, error) {
	if o.OTLPEndpoint == "" {
		return tracing{}, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimSuffix(o.OTLPEndpoint, "/")+"/v1/traces"))
	if err != nil {
		return tracing{}, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT (%s): %w", FlagOf("OTEL_EXPORTER_OTLP_ENDPOINT"), err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", namespace), attribute.String("service.version", version), attribute.String("service.instance.id", member),
	), resource.WithFromEnv())
	if err != nil {
		return tracing{}, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&patientExporter{SpanExporter: exporter, logger: logger}),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.traceRatio()))),
		sdktrace.WithResource(about),
	)
	return tracing{provider.Tracer("i80.dk/sighej"), provider}, nil
}

// close sends what is left.
func (t tracing) close(logger *slog.Logger) {
	if t.provider == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		logger.Warn("the last spans were not taken", slog.Any("error", err))
	}
}

// patientExporter logs the first of several failures in a row, and their end, where
// the library would tell each of them to the whole process.
type patientExporter struct {
	sdktrace.SpanExporter
	logger  *slog.Logger
	failing atomic.Bool
}

// ExportSpans implements [sdktrace.SpanExporter].
func (e *patientExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && e.failing.CompareAndSwap(false, true):
		e.logger.Warn("the collector takes no spans; they are lost", slog.Any("error", err))
	case err == nil && e.failing.CompareAndSwap(true, false):
		e.logger.Info("the collector takes spans again")
	}
	return nil
}

// traceRatio is the share of traces that are sampled, 0 for a setting that is not
// valid.
func (o Options) traceRatio() float64 {
	ratio, err := strconv.ParseFloat(o.TraceRatio, 64)
	if err != nil {
		return 0
	}
	return ratio
}
