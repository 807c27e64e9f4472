package live

import (
	"strings"
	"sync"
	"time"

	"i80.dk/sighej/mobile/app/model"
	"i80.dk/sighej/mobile/sdk"
)

// Session is the SDK's client as the app sees it.
type Session struct {
	client *sdk.Client
	tell   func(model.Event)
	ears   *ears
}

// NewSession returns a session that is not running. What it has to tell it
// tells from goroutines of its own.
func NewSession(base string, radio sdk.Radio, tell func(model.Event)) *Session {
	s := &Session{tell: tell, ears: &ears{tell: tell}}
	s.client = sdk.NewClient(base, radio, s.ears)
	return s
}

// Start begins. What the server has to say to it comes as an event.
func (s *Session) Start(interests []string) error {
	s.ears.begin()
	s.client.SetOpenToTalk(true)
	return s.client.Start(strings.Join(interests, "\n"))
}

// SetOpenToTalk pauses or resumes.
func (s *Session) SetOpenToTalk(open bool) { s.client.SetOpenToTalk(open) }

// Wave says hi to whom a nudge is about. It does not block.
func (s *Session) Wave(nudge string) { s.client.Wave(nudge) }

// Block makes this phone and the one that a nudge is about never meet again in this
// session. It does not block.
func (s *Session) Block(nudge string) { s.client.Block(nudge) }

// Stop has the session forgotten. It blocks for seconds at the most.
func (s *Session) Stop() { s.client.Stop() }

// Heard tells what the radio heard.
func (s *Session) Heard(serviceData []byte, rssi int) { s.client.OnServiceData(serviceData, rssi) }

// OnScreen tells whether the app is on the screen.
func (s *Session) OnScreen(on bool) { s.client.OnForeground(on) }

// RadioOn tells whether there is a radio that can be used.
func (s *Session) RadioOn(on bool) {
	state := sdk.RadioOff
	if on {
		state = sdk.RadioOn
	}
	s.client.OnRadioState(state)
}

// ears turn what the SDK tells into events.
type ears struct {
	tell func(model.Event)

	mu    sync.Mutex
	fault string // the last one since the start
}

func (e *ears) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fault = ""
}

// OnState tells how things stand. A refusal comes with the words of the error
// before it.
func (e *ears) OnState(s *sdk.State) {
	e.tell([...]model.Radio{
		sdk.DiscoverableOff: model.RadioOff, sdk.DiscoverableDegraded: model.RadioDegraded, sdk.DiscoverableFull: model.RadioFull,
	}[s.Discoverability()])
	switch s.Link() {
	case sdk.LinkConnecting:
		e.tell(model.Connecting)
	case sdk.LinkOnline:
		e.tell(model.Connected)
	case sdk.LinkOffline:
		e.tell(model.Waiting)
	case sdk.LinkRefused:
		e.tell(model.Refused(e.words()))
	default:
		e.tell(model.Offline)
	}
}

func (e *ears) words() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fault == "" {
		return "The server does not take this session."
	}
	return e.fault
}

// OnNudge tells of a nudge.
func (e *ears) OnNudge(n *sdk.Nudge) {
	e.tell(model.Nudge{
		ID: n.ID(), Labels: labels(n.Interests()), Reveals: n.Reveals(), Message: n.Message(), At: time.UnixMilli(n.AtMillis()),
		Distance: distance(n.Distance()),
	})
}

func labels(lines string) []string {
	if lines == "" {
		return nil
	}
	return strings.Split(lines, "\n")
}

func distance(d int) model.Distance {
	switch d {
	case sdk.DistanceNear:
		return model.Near
	case sdk.DistanceVeryNear:
		return model.VeryNear
	}
	return model.Unknown
}

// OnPeopleInRange tells how many are heard.
func (e *ears) OnPeopleInRange(all, _ int) { e.tell(model.PeopleInRange(all)) }

// OnError keeps words for a refusal. What the SDK goes on trying shows as the
// state of the connection; only a radio that fails has no other way to show.
func (e *ears) OnError(code, message string) {
	e.mu.Lock()
	e.fault = sentence(message)
	e.mu.Unlock()
	if code == "radio" {
		e.tell(model.Fault("Bluetooth does not work: " + message))
	}
}

// sentence makes an error's text one.
func sentence(message string) string {
	if message == "" {
		return ""
	}
	return strings.ToUpper(message[:1]) + strings.TrimRight(message[1:], ".") + "."
}
