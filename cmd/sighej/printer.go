package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/sdk"
	"i80.dk/sighej/wire"
)

// printer writes what a phone has to say, one write a line: events to out, as
// text or as JSON, and complaints to err. It is safe for concurrent use.
type printer struct {
	mu       sync.Mutex
	out, err io.Writer
	json     bool
}

func newPrinter(out, err io.Writer, asJSON bool) *printer {
	return &printer{out: out, err: err, json: asJSON}
}

// event is a line of JSON; Event says which of the other fields it has.
type event struct {
	Event           string     `json:"event"`
	Token           string     `json:"token,omitempty"`
	ID              string     `json:"id,omitempty"`
	Match           *bool      `json:"match,omitempty"`
	SharedInterests []string   `json:"shared_interests,omitempty"`
	NudgeSent       *bool      `json:"nudge_sent,omitempty"`
	Code            string     `json:"code,omitempty"`
	Message         string     `json:"message,omitempty"`
	Reveals         string     `json:"reveals,omitempty"`
	At              *time.Time `json:"at,omitempty"`
	Value           *bool      `json:"value,omitempty"`
	All             *int       `json:"all,omitempty"`
	VeryNear        *int       `json:"very_near,omitempty"`
}

func (p *printer) token(t sighej.Token) {
	p.event("token: "+string(t), event{Event: "token", Token: string(t)})
}

func (p *printer) nudge(n wire.Nudge) {
	p.event("nudge: "+n.Message, event{
		Event: "nudge", ID: n.ID, SharedInterests: n.SharedInterests, Message: n.Message, Reveals: n.Reveals, At: &n.At,
	})
}

// heardNudge is nudge for one of a phone with a radio.
func (p *printer) heardNudge(n *sdk.Nudge) {
	p.nudge(wire.Nudge{
		ID: n.ID(), Message: n.Message(), SharedInterests: strings.FieldsFunc(n.Interests(), func(r rune) bool { return r == '\n' }), At: time.UnixMilli(n.AtMillis()).UTC(), Reveals: n.Reveals(),
	})
}

func (p *printer) inRange(all, veryNear int) {
	p.event(fmt.Sprintf("in range: %d (very near: %d)", all, veryNear), event{Event: "in_range", All: &all, VeryNear: &veryNear})
}

// about tells what was done about a nudge.
func (p *printer) about(done, id string) { p.event(done, event{Event: done, ID: id}) }

func (p *printer) open(value bool) {
	text := "closed"
	if value {
		text = "open"
	}
	p.event(text, event{Event: "open", Value: &value})
}

func (p *printer) sighted(r wire.SightingResult) {
	if r.Code != "" && !p.json {
		p.complain("the sighting could not be decided (" + r.Code + "): try again later")
		return
	}
	text := "no match"
	if r.Match {
		text = "match: " + strings.Join(r.SharedInterests, ", ")
	}
	p.event(text, event{
		Event: "sighting", Token: r.Token, Match: &r.Match, SharedInterests: r.SharedInterests,
		NudgeSent: &r.NudgeSent, Code: r.Code,
	})
}

func (p *printer) event(text string, e event) {
	if p.json {
		line, err := json.Marshal(e)
		if err != nil {
			p.complain(err.Error())
			return
		}
		p.line(p.out, string(line))
		return
	}
	p.line(p.out, text)
}

// complain tells what went wrong.
func (p *printer) complain(text string) { p.line(p.err, text) }

// line writes one line. What came over the network must neither break it in two
// nor steer the terminal.
func (p *printer) line(w io.Writer, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = io.WriteString(w, strings.Map(visible, text)+"\n") // a closed stdout ends the process by itself
}

func visible(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}
