package checker

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// everywhere is the address of no member: which one a request goes to is decided
// for each, as a load balancer does.
const everywhere = "http://members.invalid"

// callTime bounds one request. A member answers within 5 s, unless it is frozen.
const callTime = 8 * time.Second

type tripKey struct{}

// trip is one request: where it goes, and what came back.
type trip struct {
	edge   string // host:port of a member
	status int    // 0: no answer
}

// through makes the requests of ctx go to a member.
func through(ctx context.Context, edge string) (context.Context, *trip) {
	t := &trip{edge: edge}
	return context.WithValue(ctx, tripKey{}, t), t
}

// failed reports whether the member could not be talked to at all.
func (t *trip) failed() bool { return t.status == 0 }

// good reports whether the member did what it was asked.
func (t *trip) good() bool { return t.status >= 200 && t.status < 300 }

// allowed reports whether the contract lets a member answer so in an outage.
func (t *trip) allowed() bool {
	return t.good() || t.failed() || t.status == http.StatusServiceUnavailable || t.status == http.StatusTooManyRequests
}

// balancer sends each request where its trip says.
type balancer struct{ next http.Transport }

// RoundTrip implements [http.RoundTripper].
func (b *balancer) RoundTrip(req *http.Request) (*http.Response, error) {
	t := req.Context().Value(tripKey{}).(*trip)
	there := req.Clone(req.Context())
	target := *req.URL
	target.Host = t.edge
	there.URL, there.Host = &target, t.edge
	res, err := b.next.RoundTrip(there)
	if err == nil {
		t.status = res.StatusCode
	}
	return res, err
}

// rotation dials one member after the other for the WebSockets of a phone.
type rotation struct {
	edges []string
	next  atomic.Uint64
}

func (r *rotation) dial(ctx context.Context, network, _ string) (conn net.Conn, err error) {
	var d net.Dialer
	for range r.edges {
		edge := r.edges[r.next.Add(1)%uint64(len(r.edges))]
		if conn, err = d.DialContext(ctx, network, edge); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func host(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Host
}
