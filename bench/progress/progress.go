package progress

import (
	"io"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Options say what is written to.
type Options struct {
	Terminal bool          // a bar and escape sequences; false: plain lines
	Width    int           // columns of the terminal; 0: asked of it before each drawing, else 80
	Colour   bool          // of the terminal; plain lines have none
	Every    time.Duration // between two plain lines; default: 5 s
}

const (
	every  = 5 * time.Second
	redraw = 100 * time.Millisecond // between two drawings on a terminal
)

// Unit is what a phase counts. Any other word than these serves too, in the
// plural.
type Unit string

// The units of the suites.
const (
	Milliseconds Unit = "ms" // of the phase's time, shown as minutes and seconds
	Phones       Unit = "phones"
)

// Status is how things stand. What is 0 is left out, but for Done.
type Status struct {
	Done      int64         // of the phase, in its unit
	Rate      float64       // answers a second
	P50, P99  time.Duration // of the answers
	Errors    int64         // no answers
	Wrong     int64         // answers and nudges that must not be
	Connected int64         // phones
}

// Progress shows how a run goes. Its methods are safe for concurrent use and
// block for a write; they do nothing after Close. What cannot be written is
// lost: a run does not end for lack of an audience.
type Progress struct {
	out     io.Writer
	options Options

	mu     sync.Mutex
	phase  *phase // nil: none yet
	status Status
	shown  time.Time // when the status was last written
	stale  bool      // the status is newer than what was written
	closed bool
}

// New shows progress on w. Nothing is written before the first phase or note.
func New(w io.Writer, o Options) *Progress {
	if o.Every <= 0 {
		o.Every = every
	}
	return &Progress{out: w, options: o}
}

// Phase begins the next part of the run; total is how much of the unit there is
// to do, 0 if nobody knows. Before that a plain output gets the last status of
// the part that ended.
func (p *Progress) Phase(name string, total int64, unit Unit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.finish()
	p.phase, p.status = &phase{visible(name), max(total, 0), unit}, Status{}
	p.show()
}

// Update shows s, or keeps it for later if something was shown just now. s
// stands until the next call: all of it is replaced.
func (p *Progress) Update(s Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.phase == nil {
		return
	}
	p.status, p.stale = s, true
	if time.Since(p.shown) >= p.pause() {
		p.show()
	}
}

// Note writes a line that stays, above the bar.
func (p *Progress) Note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	text = visible(text) + "\n"
	if p.options.Terminal {
		text = startOfLine + eraseLine + text + p.drawing()
	}
	p.write(text)
}

// Close ends it. A terminal gets its line and its cursor back, a plain output
// the last status. It closes no writer, and may be called again.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.finish()
	p.closed = true
	if p.options.Terminal && p.phase != nil {
		p.write(startOfLine + eraseLine + showCursor)
	}
}

// pause is how long what is shown stays.
func (p *Progress) pause() time.Duration {
	if p.options.Terminal {
		return redraw
	}
	return p.options.Every
}

// finish writes the last status of a phase where it stays.
func (p *Progress) finish() {
	if p.phase != nil && p.stale && !p.options.Terminal {
		p.show()
	}
}

// show writes the status.
func (p *Progress) show() {
	p.shown, p.stale = time.Now(), false
	if p.options.Terminal {
		p.write(p.drawing())
		return
	}
	p.write(p.phase.plain(p.status) + "\n")
}

func (p *Progress) drawing() string {
	if p.phase == nil {
		return ""
	}
	return p.phase.drawing(p.status, width(p.out, p.options.Width), p.options.Colour)
}

func (p *Progress) write(text string) { _, _ = io.WriteString(p.out, text) }

// visible keeps text in its line and from steering the terminal.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
