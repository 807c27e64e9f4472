package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// scripted is a session that notes what is asked of it.
type scripted struct {
	calls []string
	fail  error         // of the next Start
	hold  chan struct{} // Start waits for it, unless nil
}

func (s *scripted) Start(interests []string) error {
	s.calls = append(s.calls, "start "+strings.Join(interests, ","))
	if s.hold != nil {
		<-s.hold
	}
	err := s.fail
	s.fail = nil
	return err
}

func (s *scripted) SetOpenToTalk(open bool) { s.calls = append(s.calls, fmt.Sprint("open ", open)) }
func (s *scripted) Stop()                   { s.calls = append(s.calls, "stop") }

// driven runs f beside a driver and returns once everything has been done. The
// session is stopped last.
func driven(t *testing.T, s *scripted, f func(d *Driver)) (told []Event) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := NewDriver(s, func(e Event) { told = append(told, e) })
		go func() { _ = d.Run(ctx) }()
		f(d)
		synctest.Wait()
		cancel()
		synctest.Wait()
	})
	return told
}

func (s *scripted) did(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.calls, want) {
		t.Errorf("calls %q, want %q", s.calls, want)
	}
}

func running(open bool, interests ...string) Wish {
	return Wish{Running: true, Open: open, Interests: interests}
}

func TestDriverFulfils(t *testing.T) {
	s := &scripted{}
	driven(t, s, func(d *Driver) {
		for _, w := range []Wish{
			running(true, "a"), running(false, "a"), running(true, "a"),
			running(true, "a", "b"), // other interests are another session
			{},
			{},
			running(false, "c"),
		} {
			d.Want(w)
			synctest.Wait()
		}
	})
	s.did(t, "start a", "open false", "open true", "stop", "start a,b", "stop", "start c", "open false", "stop")
}

// What was wished while a call was under way, and is wished no more, is never
// done.
func TestDriverNewestWish(t *testing.T) {
	s := &scripted{}
	driven(t, s, func(d *Driver) {
		s.hold = make(chan struct{})
		d.Want(running(true, "a"))
		synctest.Wait()
		d.Want(Wish{})
		d.Want(running(true, "z"))
		d.Want(running(false, "a"))
		close(s.hold)
	})
	s.did(t, "start a", "open false", "stop")
}

func TestDriverTellsOfFailure(t *testing.T) {
	s := &scripted{fail: errors.New("no server")}
	told := driven(t, s, func(d *Driver) {
		d.Want(running(true, "a"))
		synctest.Wait()
		d.Want(Wish{})
		synctest.Wait()
		d.Want(running(true, "a"))
	})
	s.did(t, "start a", "start a", "stop")
	if !slices.Equal(told, []Event{Refused("no server")}) {
		t.Errorf("told %v", told)
	}
}
