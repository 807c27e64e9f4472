package forget

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"i80.dk/sighej/persistence/pgstore"
	"i80.dk/sighej/persistence/redisstore"
)

// Deployment is where something may be kept. What is empty is not searched.
type Deployment struct {
	RedisURL    string   // as the setting REDIS_URL
	DatabaseURL string   // as the setting DATABASE_URL
	Files       []string // SQLite's, logs, backups; one that is not there is searched like an empty one
	Pages       []string // URLs
	AdminToken  string   // that opens the pages, if they ask for one
}

// SQLiteFiles returns the files of the SQLite database at path.
func SQLiteFiles(path string) []string {
	return []string{path, path + "-wal", path + "-shm", path + "-journal"}
}

// AdminPages returns all pages of a member's internal listener that tell of its
// state, given as in http://127.0.0.1:8001.
func AdminPages(admin string) (pages []string) {
	for _, page := range []string{
		"/stats", "/stats/history?days=7", "/metrics", "/members", "/debug/pprof/cmdline",
		"/debug/pprof/goroutine?debug=2", "/debug/pprof/heap?debug=1", "/debug/pprof/allocs?debug=1",
		"/debug/pprof/block?debug=1", "/debug/pprof/mutex?debug=1", "/debug/pprof/threadcreate?debug=1",
	} {
		pages = append(pages, strings.TrimSuffix(admin, "/")+page)
	}
	return pages
}

// Search looks for the secrets in all of the deployment. The report is whole, or
// there is an error: what could not be searched is none of the places in which
// nothing was found. It changes nothing and blocks.
func (d Deployment) Search(ctx context.Context, secrets []Secret) (*Report, error) {
	all, err := needles(secrets)
	if err != nil {
		return nil, err
	}
	r := &Report{Began: time.Now().UTC(), Forms: len(all)}
	for _, s := range secrets {
		r.Secrets = append(r.Secrets, s.Name)
	}
	s := &search{report: r, secrets: secrets, needles: all}
	var faults []error
	if d.RedisURL != "" {
		faults = append(faults, s.redis(ctx, d.RedisURL))
	}
	if d.DatabaseURL != "" {
		faults = append(faults, s.postgres(ctx, d.DatabaseURL))
	}
	faults = append(faults, s.files(d.Files), s.pages(ctx, d.Pages, d.AdminToken))
	return r, errors.Join(faults...)
}

// search is a Search under way.
type search struct {
	report  *Report
	secrets []Secret
	needles []needle
}

// begin opens a place.
func (s *search) begin(name string) *Place {
	s.report.Searched = append(s.report.Searched, Place{Name: name, Kinds: map[string]int64{}})
	return &s.report.Searched[len(s.report.Searched)-1]
}

// look searches one piece of a place.
func (s *search) look(p *Place, where string, text []byte) {
	p.Bytes += int64(len(text))
	for _, n := range s.needles {
		if bytes.Contains(text, n.bytes) {
			s.report.add(Finding{s.secrets[n.secret].Name, p.Name, without(where, s.needles)})
		}
	}
}

func (s *search) redis(ctx context.Context, url string) error {
	p := s.begin("redis, all keys and values")
	return redisstore.Dump(ctx, url, func(e redisstore.Entry) error {
		kind, _, _ := strings.Cut(e.Key, ":")
		if e.Key == "" {
			kind = e.Type
		}
		p.Items += 1 + int64(len(e.Values))
		p.Kinds[kind]++
		where := e.Type + " " + e.Key
		s.look(p, where, []byte(e.Key))
		for _, v := range e.Values {
			s.look(p, where, []byte(v))
		}
		return nil
	})
}

func (s *search) postgres(ctx context.Context, address string) error {
	p := s.begin("postgresql, all rows")
	return pgstore.Dump(ctx, address, func(table, row string) error {
		p.Items++
		p.Kinds[table]++
		s.look(p, "table "+table, []byte(row))
		return nil
	})
}

// piece is how much of a file is looked at at a time.
const piece = 1 << 20

func (s *search) files(names []string) error {
	var faults []error
	for _, name := range names {
		p := s.begin("file " + name)
		if err := s.file(p, name); err != nil && !errors.Is(err, os.ErrNotExist) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// file searches a file in pieces that overlap, so that no secret is cut in two.
func (s *search) file(p *Place, name string) error {
	f, err := os.Open(name) // #nosec G304 -- the operator names it
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	p.Items++
	overlap := 0
	for _, n := range s.needles {
		overlap = max(overlap, len(n.bytes)-1)
	}
	room, kept := make([]byte, overlap+piece), 0
	for {
		n, err := io.ReadFull(f, room[kept:])
		s.look(p, name, room[:kept+n])
		p.Bytes -= int64(kept)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
		kept = copy(room, room[len(room)-overlap:])
	}
}

func (s *search) pages(ctx context.Context, urls []string, token string) error {
	if len(urls) == 0 {
		return nil
	}
	p := s.begin("pages of the members")
	var faults []error
	for _, url := range urls {
		if err := s.page(ctx, p, url, token); err != nil {
			faults = append(faults, fmt.Errorf("reading a page of a member: %w", err))
		}
	}
	return errors.Join(faults...)
}

func (s *search) page(ctx context.Context, p *Place, url, token string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	p.Items++
	s.look(p, req.URL.Path, text)
	return nil
}
