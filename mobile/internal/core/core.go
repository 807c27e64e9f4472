package core

import (
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/phone"
)

// Config is what a core is made of.
type Config struct {
	Base     string
	Radio    Radio
	Listener Listener

	// For tests and programs that are no phone; the zero value is right elsewhere.
	Transport http.RoundTripper // default: one of its own for each Start
	Dialer    *phone.Dialer
	Clock     func() time.Time // what the phone's clock says, be it wrong; default: time.Now
	Woken     func()           // called when chores or voice wake up, on their goroutines; may be nil
	IOS       bool             // in the background it is hardly heard; always so on iOS
}

// Core is one phone. Its methods are safe for concurrent use, and none but Stop
// waits.
type Core struct {
	cfg  Config
	life sync.Mutex // of Start and Stop: one at a time

	mu       sync.Mutex
	open     bool
	radioOn  bool
	onScreen bool
	run      *run // nil: stopped
}

// MaxInterests is the most that a session has.
const MaxInterests = 20

// Errors of Start.
var (
	errRunning = errors.New("it is started already")
	errBusy    = errors.New("another Start or Stop is under way")
	errShell   = errors.New("a radio and a listener are needed")
)

// New returns a phone that is stopped, open to talk, on the screen, and whose
// radio is on.
func New(cfg Config) *Core {
	cfg.IOS = cfg.IOS || runtime.GOOS == "ios"
	return &Core{cfg: cfg, open: true, radioOn: true, onScreen: true}
}

// Start begins to look for people with these interests, blanks around and
// between them left out. What the server has to say comes to the listener.
func (c *Core) Start(interests []string) error {
	labels := make([]string, 0, len(interests))
	for _, label := range interests {
		if label = strings.TrimSpace(label); label != "" {
			labels = append(labels, label)
		}
	}
	if c.cfg.Radio == nil || c.cfg.Listener == nil {
		return errShell
	}
	if len(labels) == 0 || len(labels) > MaxInterests {
		return sighej.Errorf(sighej.CodeInvalid, "1 to %d interests are needed, not %d", MaxInterests, len(labels))
	}
	if err := phone.CheckBase(c.cfg.Base); err != nil {
		return err
	}
	if !c.life.TryLock() {
		return errBusy
	}
	defer c.life.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run != nil {
		return errRunning
	}
	c.run = newRun(c, labels)
	c.run.start()
	return nil
}

// Stop takes the phone out of the air, lets the server forget its session, if it
// can be reached within farewell, forgets everything itself and returns when
// nothing of it runs any more: no call to the shell follows. Only a call that the
// shell does not return from is left behind, after patienceWithShell.
func (c *Core) Stop() {
	c.life.Lock()
	defer c.life.Unlock()
	c.mu.Lock()
	r := c.run
	c.run = nil
	c.mu.Unlock()
	if r != nil {
		r.stop()
	}
}

// SetOpenToTalk gives or takes back the consent to be matched. It counts for
// further Starts too.
func (c *Core) SetOpenToTalk(open bool) {
	c.change(func(r *run) {
		c.open = open
		if r != nil && !open {
			r.interrupt()
		}
	})
}

// SetRadioOn tells whether the radio can be used.
func (c *Core) SetRadioOn(on bool) {
	c.change(func(r *run) {
		c.radioOn = on
		if r != nil {
			r.tuned.eager, r.tuned.changed = true, true
		}
	})
}

// SetOnScreen tells whether the app is on the screen.
func (c *Core) SetOnScreen(on bool) {
	c.change(func(r *run) {
		c.onScreen = on
		if r == nil {
			return
		}
		r.tuned.eager = true
		if r.phone != nil {
			r.phone.SetBackground(!on)
		}
		if on {
			signal(r.hurry)
		}
	})
}

// Heard takes in service data that the radio heard. What is no token of this
// version, or the phone's own, is left alone.
func (c *Core) Heard(serviceData []byte, rssi int) {
	token, err := ble.ParseServiceData(serviceData)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.run; r != nil && c.open {
		r.hear(token, rssi)
	}
}

// change changes the state and wakes who has to know.
func (c *Core) change(do func(*run)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do(c.run)
	if r := c.run; r != nil {
		signal(r.news)
		signal(r.chores)
	}
}

func (c *Core) duty() ble.Duty { return ble.DutyOf(c.onScreen) }

// signal leaves a signal in a channel that has room for one.
func signal(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// sleep waits until a time, zero being never, or for one of the two.
func (c *Core) sleep(until time.Time, ended <-chan struct{}, woken <-chan struct{}) {
	var due <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
	case <-ended:
	case <-woken:
	}
	if c.cfg.Woken != nil {
		c.cfg.Woken()
	}
}

// sooner returns the earlier of two times, of which zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
