package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics is what a member tells Prometheus, under names that begin with sighej_.
// docs/operations.md lists them. Each member has its own, since several can live in
// one process. No label names a person, a session or a token, and each has a small,
// fixed set of values.
//
// What happens often is counted where it happens, by one addition, and read when
// somebody scrapes; durations go into histograms, both classic and native.
type metrics struct {
	registry *prometheus.Registry
	answers  answers
	stores   storeMetrics
	mailbox  prometheus.Histogram
	acked    prometheus.Histogram
	matched  prometheus.Histogram
}

func newMetrics(version string) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsScheduler)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.answers = newAnswers(m.registry)
	m.stores = newStoreMetrics(m.registry)
	m.mailbox = m.histogram("mailbox_wait_seconds", "How long a letter to an actor waits for a worker, by ten samples a second.",
		.00001, .0001, .001, .01, .1, 1)
	m.acked = m.histogram("nudge_acked_seconds", "Age of a nudge when its phone acknowledged it.",
		.01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60, 600, 3600)
	m.matched = m.histogram("session_matches", "Matches of a session in its last hour, at each of its matches.", 1, 2, 5, 10, 20, 30, 45, 60, 120)
	m.gauge("build_info", "Always 1; the version of the program is its label.", func() float64 { return 1 }, "version", version)
	return m
}

const namespace = "sighej"

// opts are those of every histogram: buckets for whoever asks for them, and a
// native histogram, within a tenth, for a Prometheus that takes these.
func histogramOpts(name, help string, buckets ...float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
	}
}

func (m *metrics) histogram(name, help string, buckets ...float64) prometheus.Histogram {
	h := prometheus.NewHistogram(histogramOpts(name, help, buckets...))
	m.registry.MustRegister(h)
	return h
}

// gauge registers what read returns at the time of a scrape; labels are names and
// values in turn.
func (m *metrics) gauge(name, help string, read func() float64, labels ...string) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help, ConstLabels: labelled(labels)}, read))
}

// counter is gauge for what never falls.
func (m *metrics) counter(name, help string, read func() int64, labels ...string) {
	m.registry.MustRegister(prometheus.NewCounterFunc(
		prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help, ConstLabels: labelled(labels)},
		func() float64 { return float64(read()) }))
}

func labelled(pairs []string) prometheus.Labels {
	labels := prometheus.Labels{}
	for i := 0; i+1 < len(pairs); i += 2 {
		labels[pairs[i]] = pairs[i+1]
	}
	return labels
}

// inSeconds lets a histogram take durations.
func inSeconds(h prometheus.Observer) func(time.Duration) {
	return func(d time.Duration) { h.Observe(d.Seconds()) }
}
