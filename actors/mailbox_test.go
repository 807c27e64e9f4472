package actors

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// invoker records what a mailbox delivers.
type invoker struct {
	actor.MessageInvoker
	user, system func(any)
}

func (i invoker) InvokeUserMessage(m any)   { i.user(m) }
func (i invoker) InvokeSystemMessage(m any) { i.system(m) }

type numbered struct{ from, n int }

func TestMailboxKeepsEachSendersOrder(t *testing.T) {
	const senders, each = 8, 5000
	p := newPool(func(any) {})
	m := p.mailbox()
	last := make([]int, senders)
	got := 0
	var inside atomic.Int32
	m.RegisterHandlers(invoker{user: func(v any) {
		if inside.Add(1) != 1 {
			t.Error("two workers in one mailbox")
		}
		msg := v.(numbered)
		if msg.n != last[msg.from]+1 {
			t.Errorf("sender %d: %d after %d", msg.from, msg.n, last[msg.from])
		}
		last[msg.from] = msg.n
		got++
		inside.Add(-1)
	}}, nil)
	var wg sync.WaitGroup
	for from := range senders {
		wg.Go(func() {
			for n := 1; n <= each; n++ {
				p.enter()
				m.PostUserMessage(numbered{from, n})
				p.lend(func() bool { return from%2 == 0 })
			}
		})
	}
	wg.Wait()
	p.close()
	if got != senders*each {
		t.Errorf("%d letters delivered, want %d", got, senders*each)
	}
}

func TestMailboxReturnsLettersToTheStopped(t *testing.T) {
	var back []any
	p := newPool(func(message any) { back = append(back, message) })
	m := p.mailbox()
	m.RegisterHandlers(invoker{
		user:   func(any) { t.Error("delivered to a stopped actor") },
		system: func(any) {},
	}, nil)
	m.PostSystemMessage(&actor.Stop{})
	m.PostUserMessage("a letter")
	m.PostUserMessage("another")
	p.close()
	if !slices.Equal(back, []any{"a letter", "another"}) {
		t.Errorf("returned: %q", back)
	}
}
