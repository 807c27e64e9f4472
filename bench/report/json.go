package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxReport bounds what is read, in bytes. A festival of an hour takes about a
// fiftieth of it.
const maxReport = 256 << 20

// WriteJSON writes the report so that [Read] gives it back. It fails if a
// number is not finite, and if [Read] would refuse the result.
func (r *Report) WriteJSON(w io.Writer) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := json.NewEncoder(w).Encode(r); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// ReadFile reads the report that path holds, as [Read] does.
func ReadFile(path string) (*Report, error) {
	f, err := os.Open(path) //nolint:gosec // the path is what the person at the terminal named
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	defer func() { _ = f.Close() }()
	r, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Read reads one report, of at most 256 MiB, and refuses what is none: the error
// says whether it is no JSON, something else, or of another format.
func Read(in io.Reader) (*Report, error) { return readUpTo(in, maxReport) }

func readUpTo(in io.Reader, most int64) (*Report, error) {
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("not a report: a report is at most %s", quantity(float64(most), "bytes"))
	}
	if err := checkFormat(text); err != nil {
		return nil, err
	}
	r := &Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("the report is damaged: %w", err)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("the report is damaged: %w", err)
	}
	return r, nil
}

// checkFormat looks at no more than what every format has, so that a report of
// another one is told from something else.
func checkFormat(text []byte) error {
	var head struct {
		Format *int             `json:"format"`
		Suite  *string          `json:"suite"`
		Runs   *json.RawMessage `json:"runs"`
	}
	err := json.Unmarshal(text, &head)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not a report, for it is not JSON: %w", err)
	case err != nil, head.Format == nil, head.Suite == nil, head.Runs == nil:
		return errors.New("not a report, but some other JSON")
	case *head.Format != Format:
		return fmt.Errorf("report is of format %d; this sighej reads format %d", *head.Format, Format)
	}
	return nil
}

// check finds what would lead a reader of the report astray: indexes that point
// nowhere.
func (r *Report) check() error {
	if r.Format != Format {
		return fmt.Errorf("its format is %d, not %d", r.Format, Format)
	}
	if n := len(r.Targets); n < 1 || n > 2 {
		return fmt.Errorf("it has %d targets", n)
	}
	for i := range r.Runs {
		run := &r.Runs[i]
		if run.Target < 0 || run.Target >= len(r.Targets) {
			return fmt.Errorf("run %d is of target %d, and there are %d", i+1, run.Target+1, len(r.Targets))
		}
		if run.Crowd == nil {
			continue
		}
		if err := run.Crowd.check(); err != nil {
			return fmt.Errorf("the crowd of run %d: %w", i+1, err)
		}
	}
	return nil
}

// positionBytes is what one position of one person takes: two uint16.
const positionBytes = 4

func (c *Crowd) check() error {
	switch {
	case c.Width <= 0 || c.Height <= 0 || c.Every <= 0:
		return errors.New("it has no venue or no time")
	case c.People < 0 || c.People != len(c.Background):
		return fmt.Errorf("it has %d people, and %d in the foreground or background", c.People, len(c.Background))
	case c.People == 0 && len(c.Positions) > 0, c.People > 0 && len(c.Positions)%(positionBytes*c.People) != 0:
		return fmt.Errorf("its positions are no multiple of its %d people", c.People)
	}
	for _, e := range c.Encounters {
		if min(e.A, e.B) < 0 || max(e.A, e.B) >= c.People {
			return fmt.Errorf("an encounter is of persons %d and %d, and there are %d", e.A, e.B, c.People)
		}
	}
	return nil
}
