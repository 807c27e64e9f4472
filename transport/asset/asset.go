// Package asset serves bytes that stay the same for as long as the process
// lives: documents and the files of a page.
//
// It promises a validator by content, so that a client that has the bytes is
// told so with 304, and gzip for who accepts it, packed once and only when asked
// for. It serves no ranges and no files from disk.
package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// How long a client may use what it has without asking.
const (
	Revalidate = "no-cache"               // ask each time, by ETag
	Brief      = "public, max-age=300"    // five minutes
	Long       = "public, max-age=604800" // a week: for what only changes with a release
)

// packable is the least size, in bytes, worth packing: about one packet.
const packable = 1400

// Asset is an http.Handler, safe for concurrent use.
type Asset struct {
	body         []byte
	contentType  string
	cacheControl string
	etag         string // without its quotes
	packed       func() []byte
	ready        bool // it came packed
}

// New returns a handler that answers with body, which must not change any more.
func New(body []byte, contentType, cacheControl string) *Asset {
	sum := sha256.Sum256(body)
	return &Asset{
		body: body, contentType: contentType, cacheControl: cacheControl,
		etag:   base64.RawURLEncoding.EncodeToString(sum[:12]),
		packed: sync.OnceValue(func() []byte { return pack(body) }),
	}
}

// NewPacked returns the handler of a body that is packed by gzip already. It is
// unpacked for who does not accept that.
func NewPacked(packed []byte, contentType, cacheControl string) (*Asset, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("asset: %w", err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("asset: %w", err)
	}
	a := New(body, contentType, cacheControl)
	a.packed, a.ready = func() []byte { return packed }, true
	return a, nil
}

// ServeHTTP answers GET and HEAD.
func (a *Asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	h.Set("Cache-Control", a.cacheControl)
	body, etag := a.body, `"`+a.etag+`"`
	zipped := (len(body) >= packable || a.ready) && acceptsGzip(r.Header.Values("Accept-Encoding"))
	if zipped {
		etag = `"` + a.etag + `-gz"`
	}
	h.Set("ETag", etag)
	if named(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if zipped {
		body = a.packed()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // the peer is gone: nobody left to tell
}

func pack(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // to memory: cannot fail
	_ = z.Close()
	return b.Bytes()
}

// named reports whether an If-None-Match names etag, by the weak comparison of
// RFC 9110, 8.8.3.2.
func named(values []string, etag string) bool {
	for _, v := range values {
		for tag := range strings.SplitSeq(v, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}

func acceptsGzip(values []string) bool {
	for _, v := range values {
		for coding := range strings.SplitSeq(v, ",") {
			name, parameters, _ := strings.Cut(coding, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				return !refused(parameters)
			}
		}
	}
	return false
}

// refused reports whether the weight of a coding is zero.
func refused(parameters string) bool {
	weight, ok := strings.CutPrefix(strings.TrimSpace(parameters), "q=")
	q, err := strconv.ParseFloat(weight, 64)
	return ok && err == nil && q == 0
}
