package benchtest

import (
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej/wire"
)

// deliver gives a phone what the server sent it, or what is made of it.
func (p *Proxy) deliver(l *link, kind int, text []byte) error {
	t := p.tampering
	if kind != websocket.TextMessage || !t.concernsNudges && !t.concernsAnswers {
		return l.phone.send(kind, text)
	}
	switch typeOf(text) {
	case wire.TypeNudge:
		return p.nudge(l, text)
	case wire.TypeSighted:
		return l.phone.send(kind, t.sighted(text))
	}
	return l.phone.send(kind, text)
}

func (p *Proxy) nudge(l *link, text []byte) error {
	t := p.tampering
	if t.drop.due() {
		return nil
	}
	text = t.nudge(text)
	if other := p.another(l); other != nil && t.misdeliver.due() {
		_ = other.phone.send(websocket.TextMessage, text) // its own trouble, and not of l
		return nil
	}
	if t.delay.due() {
		l.late.Go(func() { l.later(t.wait, text) })
		return nil
	}
	if t.duplicate.due() {
		if err := l.phone.send(websocket.TextMessage, text); err != nil {
			return err
		}
	}
	return l.phone.send(websocket.TextMessage, text)
}

// later sends text to the phone after d, if it is there then.
func (l *link) later(d time.Duration, text []byte) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-l.done:
	case <-timer.C:
		_ = l.phone.send(websocket.TextMessage, text)
	}
}
