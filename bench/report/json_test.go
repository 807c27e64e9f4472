package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func encode(t testing.TB, r *Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// alike compares reports; bytes as a whole, for one by one takes long.
var alike = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.FilterValues(func(a, b []byte) bool { return len(a)+len(b) > 0 }, cmp.Comparer(bytes.Equal)),
}

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	for name, want := range examples() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "report.json")
			if err := os.WriteFile(path, encode(t, want), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, alike); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	report := func(change func(*Report)) string {
		r := festivalReport()
		change(r)
		text, err := json.Marshal(r) // WriteJSON would refuse it
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	whole := string(encode(t, steadyReport()))
	for _, tt := range []struct{ name, text, says string }{
		{"nothing", "", "not JSON"},
		{"prose", "answers per second: 500", "not JSON"},
		{"half a report", whole[:len(whole)/2], "not JSON"},
		{"two reports", whole + whole, "not JSON"},
		{"a list", "[1, 2]", "some other JSON"},
		{"an object", `{"format": 1}`, "some other JSON"},
		{"null", "null", "some other JSON"},
		{"a comparison", comparisonText(t), "some other JSON"},
		{"another format", `{"format": 3, "suite": "match", "runs": {"by": "target"}}`, "report is of format 3; this sighej reads format 1"},
		{"other types", `{"format": 1, "suite": "match", "runs": 7}`, "damaged"},
		{"no target", report(func(r *Report) { r.Targets, r.Runs = nil, []Run{} }), "0 targets"},
		{"a run of no target", report(func(r *Report) { r.Runs[0].Target = 1 }), "run 1 is of target 2"},
		{"a run before the targets", report(func(r *Report) { r.Runs[0].Target = -1 }), "run 1 is of target 0"},
		{"positions cut short", report(func(r *Report) { c := r.Runs[0].Crowd; c.Positions = c.Positions[1:] }), "no multiple"},
		{"positions of nobody", report(func(r *Report) { c := r.Runs[0].Crowd; c.People, c.Background = 0, nil }), "no multiple"},
		{"people without a phone", report(func(r *Report) { r.Runs[0].Crowd.People = math.MaxInt }), "in the foreground or background"},
		{"no venue", report(func(r *Report) { r.Runs[0].Crowd.Width = 0 }), "no venue"},
		{"a stranger", report(func(r *Report) { r.Runs[0].Crowd.Encounters[0].B = r.Runs[0].Crowd.People }), "persons"},
		{"a ghost", report(func(r *Report) { r.Runs[0].Crowd.Encounters[0].A = -1 }), "persons"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Read(strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v and %v, want an error that says %q", r, err, tt.says)
			}
		})
	}
}

func comparisonText(t *testing.T) string {
	t.Helper()
	c, err := CompareTargets(versusReport())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// spaces is endless white space, which a JSON reader would gladly go on reading.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestReadIsBounded(t *testing.T) {
	if _, err := readUpTo(spaces{}, 1<<20); err == nil || !strings.Contains(err.Error(), "at most 1.00 MiB") {
		t.Errorf("got %v", err)
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	if _, err := ReadFile(filepath.Join(t.TempDir(), "absent.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that the file does not exist", err)
	}
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
}

func TestWriteRefusesWhatReadWould(t *testing.T) {
	r := steadyReport()
	r.Runs[0].Target = 7
	for name, write := range map[string]func(io.Writer) error{
		"JSON": r.WriteJSON, "page": r.WriteHTML, "table": func(w io.Writer) error { return r.WriteTable(w, TableOptions{}) },
	} {
		var b bytes.Buffer
		if err := write(&b); err == nil || b.Len() > 0 {
			t.Errorf("%s: wrote %d bytes with error %v", name, b.Len(), err)
		}
	}
	r = steadyReport()
	r.Runs[0].Figures[0].Value = math.NaN()
	if err := r.WriteJSON(io.Discard); err == nil {
		t.Error("a number that is none was written")
	}
}

// Whatever a report holds, all ways to show it work, if Read takes it.
func FuzzRead(f *testing.F) {
	small := steadyReport()
	small.Runs[0].Samples = small.Runs[0].Samples[:2]
	crowded := festivalReport()
	crowded.Runs[0].Samples, crowded.Runs[0].Crowd = nil, crowdOf(random(1), 3, 20)
	for _, r := range []*Report{emptyReport("match"), small, crowded} {
		f.Add(encode(f, r))
	}
	f.Add([]byte(`{"format":1,"suite":"","runs":[{"figures":[{"value":1e308,"unit":"bytes"},{"value":-1e-300}],"steps":[{}]}],"targets":[{},{}]}`))
	f.Add([]byte(`{"format":2,"suite":"","runs":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		again, err := Read(bytes.NewReader(encode(t, r)))
		if err != nil {
			t.Fatalf("what was read and written is not read again: %v", err)
		}
		if diff := cmp.Diff(r, again, alike); diff != "" {
			t.Fatal(diff)
		}
		showAll(t, r)
	})
}

func showAll(t *testing.T, r *Report) {
	t.Helper()
	if err := r.WriteTable(io.Discard, TableOptions{ShowDisturbed: true, Colour: true}); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHTML(io.Discard); err != nil {
		t.Fatal(err)
	}
	if c, err := CompareTargets(r); err == nil {
		if err := c.WriteJSON(io.Discard); err != nil {
			t.Fatal(err)
		}
	}
}

// A comparison stays finite, and thus JSON, for any finite values.
func TestComparisonIsAlwaysJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		finite := rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64)
		ends := rapid.SampledFrom([]float64{math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0})
		values := rapid.SliceOfN(rapid.OneOf(finite, rapid.Float64Range(5e-324, 1), ends), 2, 9).Draw(t, "values")
		c, err := CompareTargets(figured(rate, 2, values...))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.WriteJSON(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}
