package transport

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"

	"i80.dk/sighej/transport/problem"
	"i80.dk/sighej/wire"
)

// shortcut answers a request that has nothing unusual about it, and reports
// false for every other, which it leaves as it was.
type shortcut func(http.ResponseWriter, *http.Request) bool

// router is where the framework puts its handlers. A call with a shortcut comes
// to the framework only when that declines, so that the framework alone says what
// is acceptable, and describes it.
type router struct {
	*http.ServeMux
	shortcuts map[string]shortcut // by pattern
}

// HandleFunc is called by the framework.
func (m router) HandleFunc(pattern string, handle func(http.ResponseWriter, *http.Request)) {
	short, ok := m.shortcuts[pattern]
	if !ok {
		m.ServeMux.HandleFunc(pattern, handle)
		return
	}
	m.ServeMux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if !short(w, r) {
			handle(w, r)
		}
	})
}

// maxPlainBody is above what a plain POST /match has, in bytes.
const maxPlainBody = 512

// plainMatch is the shortcut of POST /match, which is nearly all that a busy
// member hears: the schema, reflection and decoding twice cost more than all else
// that we do for it. It answers as the framework would.
func plainMatch(match func(context.Context, *matchInput) (*matchOutput, error)) shortcut {
	return func(w http.ResponseWriter, r *http.Request) bool {
		in, ok := readPlainMatch(r)
		if !ok {
			return false
		}
		out, err := match(r.Context(), in)
		if err != nil {
			problem.Write(w, err)
			return true
		}
		room := plainRoom.Get().(*[maxPlainBody]byte)
		defer plainRoom.Put(room)
		w.Header()["Content-Type"] = applicationJSON
		_, _ = w.Write(append(wire.AppendMatchResult(room[:0], out.Body), '\n')) // the peer is gone: nobody left to tell
		return true
	}
}

// readPlainMatch reads a plain request, or leaves it as it was.
func readPlainMatch(r *http.Request) (*matchInput, bool) {
	if !plainHeader(r) {
		return nil, false
	}
	room := plainRoom.Get().(*[maxPlainBody]byte)
	defer plainRoom.Put(room)
	body := room[:r.ContentLength]
	if n, err := io.ReadFull(r.Body, body); err != nil {
		r.Body = unread(body[:n], broken{err})
		return nil, false
	}
	in, ok := wire.ParsePlainMatchRequest(string(body))
	if !ok || in.OwnToken == in.DetectedToken {
		r.Body = unread(body, r.Body)
		return nil, false
	}
	return &matchInput{Body: in, authorization: r.Header.Get("Authorization")}, true
}

var plainRoom = sync.Pool{New: func() any { return new([maxPlainBody]byte) }}

var applicationJSON = []string{"application/json"}

// plainHeader reports whether a request brings a short body of JSON and takes JSON.
func plainHeader(r *http.Request) bool {
	if r.ContentLength <= 0 || r.ContentLength > maxPlainBody {
		return false
	}
	types, accepts := r.Header["Content-Type"], r.Header["Accept"]
	return len(types) == 1 && types[0] == "application/json" &&
		(len(accepts) == 0 || len(accepts) == 1 && (accepts[0] == "*/*" || accepts[0] == "application/json"))
}

// unread puts what was read of a body in front of the rest. It keeps a copy.
func unread(read []byte, rest io.ReadCloser) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(bytes.Clone(read)), rest), rest}
}

// broken is the rest of a body that cannot be read.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
func (b broken) Close() error             { return nil }
