package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/bluez"
	"i80.dk/sighej/mobile/sdk"
)

// onAir is a phone with a radio, until ctx ends, /quit is typed or the server
// wants no more of it.
func (c *phoneCommand) onAir(ctx context.Context, std streams) error {
	say := newPrinter(std.out, std.err, c.JSON)
	radio, err := bluez.Open(bluez.Config{Adapter: c.Adapter})
	if err != nil {
		return err
	}
	defer func() { _ = radio.Close() }() // after Stop it has nothing to take back
	switch err := radio.Ready(); {
	case errors.Is(err, bluez.ErrPoweredOff):
		say.complain(err.Error() + "; waiting for it")
	case err != nil:
		return err
	}
	told := &listener{say: say, over: make(chan struct{})}
	client := sdk.NewClient(c.Base, announced{radio, say}, told)
	running, stop := context.WithCancel(ctx)
	lost := make(chan error, 1)
	go func() { lost <- radio.Run(running, client) }()
	if err = client.Start(strings.Join(c.Interests, "\n")); err == nil {
		err = converse(ctx, std.in, client, told, lost)
	}
	client.Stop()
	stop()
	return cmp.Or(err, <-lost, told.why())
}

// converse does what is typed until one of the ends comes.
func converse(ctx context.Context, in io.Reader, client *sdk.Client, told *listener, lost chan error) error {
	typed := lines(ctx, in, told.say)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-lost:
			lost <- nil
			return err
		case <-told.over:
			return nil
		case line, ok := <-typed:
			if !ok {
				typed = nil // the input is at its end, and the phone goes on
				continue
			}
			if quit := told.obey(client, strings.TrimSpace(line)); quit {
				return nil
			}
		}
	}
}

// obey does what one typed line asks for.
func (l *listener) obey(client *sdk.Client, line string) (quit bool) {
	switch command, id, _ := strings.Cut(line, " "); command {
	case "":
	case "/quit":
		return true
	case "/open", "/close":
		client.SetOpenToTalk(command == "/open")
		l.say.open(command == "/open")
	case "/block":
		l.about(id, client.Block, "blocked")
	case "/wave":
		l.about(id, client.Wave, "waved")
	default:
		l.say.complain("the radio hears for itself; commands are /open, /close, /block, /wave and /quit")
	}
	return false
}

// about does something about a nudge. The client sees to it that the server knows.
func (l *listener) about(id string, do func(string), done string) {
	id, ok := l.last.orNamed(id, l.say)
	if !ok {
		return
	}
	if _, err := sighej.ParseNudgeID(id); err != nil {
		l.say.complain(err.Error())
		return
	}
	do(id)
	l.say.about(done, id)
}

// announced prints each token that goes on the air.
type announced struct {
	*bluez.Radio
	say *printer
}

// StartAdvertising is the radio's.
func (a announced) StartAdvertising(data []byte) error {
	if err := a.Radio.StartAdvertising(data); err != nil {
		return err
	}
	token, err := ble.ParseServiceData(data)
	if err == nil {
		a.say.token(token)
	}
	return err
}

// listener prints what the client tells.
type listener struct {
	say  *printer
	last lastNudge
	lost bool          // the client's calls come one at a time
	over chan struct{} // closed once the server wants no further try

	mu  sync.Mutex
	end error // nil: nothing is wrong with the session
}

// why returns what ended the session, or nil.
func (l *listener) why() error { l.mu.Lock(); defer l.mu.Unlock(); return l.end }

// OnState is the client's.
func (l *listener) OnState(s *sdk.State) {
	switch link := s.Link(); {
	case link == sdk.LinkRefused:
		select {
		case <-l.over:
		default:
			close(l.over)
		}
	case link == sdk.LinkOffline && !l.lost:
		l.lost = true
		l.say.complain("no connection; trying again")
	case link == sdk.LinkOnline && l.lost:
		l.lost = false
		l.say.complain("connected again")
	}
}

// OnNudge is the client's.
func (l *listener) OnNudge(n *sdk.Nudge) {
	l.last.came(n.ID())
	l.say.heardNudge(n)
}

// OnPeopleInRange is the client's.
func (l *listener) OnPeopleInRange(all, veryNear int) { l.say.inRange(all, veryNear) }

// OnError is the client's: of the radio, with which it tries again, of a nudge that
// the server does not know, or of what ends the session, which the program's own end
// tells.
func (l *listener) OnError(code, message string) {
	if code == "radio" || code == string(sighej.CodeNotFound) {
		l.say.complain(message)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = fmt.Errorf("%s (%s)", message, code)
}
