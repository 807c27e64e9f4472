package forget

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// Report is what a search went through and found. It bears no secret.
type Report struct {
	Began    time.Time `json:"began"`
	Searched []Place   `json:"searched"`
	Secrets  []string  `json:"secrets"` // their names
	Forms    int       `json:"forms"`   // in which they were looked for
	Findings []Finding `json:"findings"`
	More     int       `json:"more"` // findings that are not listed
}

// Place is one place that was searched.
type Place struct {
	Name  string           `json:"name"`
	Items int64            `json:"items"` // values, rows, files or pages
	Bytes int64            `json:"bytes"`
	Kinds map[string]int64 `json:"kinds,omitempty"` // items by kind of key or by table
}

// Finding is a trace of a secret.
type Finding struct {
	Secret string `json:"secret"` // its name
	Place  string `json:"place"`
	Where  string `json:"where"` // a key, a table, a file or a page, the secrets in it taken out
}

// maxFindings is how many a report lists.
const maxFindings = 100

// Clean reports whether nothing was found.
func (r *Report) Clean() bool { return len(r.Findings) == 0 }

// Found reports whether there is a trace of that secret.
func (r *Report) Found(secret string) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Secret == secret })
}

// Digest is the SHA-256 of the report as JSON, in hex: to quote it by.
func (r *Report) Digest() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic("forget: " + err.Error()) // it is made of text and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// WriteTo writes the report for people.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var text []byte
	line := func(format string, args ...any) { text = fmt.Appendf(text, format+"\n", args...) }
	line("%9s%13s  searched for %d secrets in %d forms", "items", "bytes", len(r.Secrets), r.Forms)
	for _, p := range r.Searched {
		line("%9d%13d  %s", p.Items, p.Bytes, p.Name)
	}
	for _, f := range r.Findings {
		line("FOUND  %s: in %s, %s", f.Secret, f.Place, f.Where)
	}
	if r.More > 0 {
		line("       and %d more", r.More)
	}
	if r.Clean() {
		line("nothing was found")
	}
	line("sha256 %s", r.Digest())
	n, err := w.Write(text)
	return int64(n), err
}

func (r *Report) add(f Finding) {
	if slices.Contains(r.Findings, f) {
		return
	}
	if len(r.Findings) >= maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, f)
}
