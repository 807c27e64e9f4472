package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/puzpuzpuz/xsync/v4"

	"i80.dk/sighej"
)

// answers counts what the public listener answered.
type answers struct {
	seconds       *prometheus.HistogramVec
	total         *prometheus.CounterVec
	registrations *prometheus.CounterVec
	known         *xsync.Map[answerKind, answerMetrics] // made at the first answer of a kind: looking up by labels is slow
}

type answerKind struct {
	route  string
	status int
}

type answerMetrics struct {
	seconds      prometheus.Observer
	total        prometheus.Counter
	registration prometheus.Counter // nil: it answers no registration
}

func newAnswers(r prometheus.Registerer) answers {
	a := answers{
		seconds: prometheus.NewHistogramVec(histogramOpts("http_request_seconds",
			"How long an answer took; for a WebSocket until it was upgraded.",
			.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5), []string{"route"}),
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "http_requests_total", Help: "Answers on the public listener.",
		}, []string{"route", "status"}),
		registrations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "registrations_total", Help: "Phones that asked for a session, by what became of it.",
		}, []string{"outcome"}),
		known: xsync.NewMap[answerKind, answerMetrics](),
	}
	r.MustRegister(a.seconds, a.total, a.registrations)
	for _, outcome := range registrationOutcomes { // so that rates begin with the first one
		a.registrations.WithLabelValues(outcome)
	}
	a.registrations.WithLabelValues(otherRegistration)
	return a
}

// registering is the route of registrations.
const registering = "POST /session"

// registrationOutcomes are what becomes of a registration, by the status that
// tells it.
var registrationOutcomes = map[int]string{
	http.StatusCreated:             "registered",
	http.StatusConflict:            string(sighej.CodeTokenLive),
	http.StatusUnprocessableEntity: string(sighej.CodeInvalid),
	http.StatusTooManyRequests:     string(sighej.CodeRateLimited),
	http.StatusServiceUnavailable:  string(sighej.CodeUnavailable),
	http.StatusInternalServerError: string(sighej.CodeInternal),
}

const otherRegistration = string(sighej.CodeMalformed)

// answered implements [transport.Config.Answered].
func (a *answers) answered(route string, status int, took time.Duration) {
	kind := answerKind{route, status}
	m, ok := a.known.Load(kind)
	if !ok {
		m = a.metricsOf(kind)
		a.known.Store(kind, m)
	}
	m.seconds.Observe(took.Seconds())
	m.total.Inc()
	if m.registration != nil {
		m.registration.Inc()
	}
}

func (a *answers) metricsOf(kind answerKind) answerMetrics {
	route := kind.route
	if route == "" || route == "/" { // no such page, or no such method of it
		route = "none"
	}
	m := answerMetrics{seconds: a.seconds.WithLabelValues(route), total: a.total.WithLabelValues(route, strconv.Itoa(kind.status))}
	if route == registering {
		outcome, ok := registrationOutcomes[kind.status]
		if !ok {
			outcome = otherRegistration
		}
		m.registration = a.registrations.WithLabelValues(outcome)
	}
	return m
}
