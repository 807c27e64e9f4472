package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// probeEvery is the time between two probes, at least.
const probeEvery = 100 * time.Millisecond

// probe measures how long a letter waits for a worker, by posting one of its own
// every now and then: letters of others bear no time, and cost nothing for it.
type probe struct {
	mailbox *mailbox
	arrived chan struct{} // of one letter
	waited  func(time.Duration)
	stop    chan struct{}
	over    chan struct{}
}

func startProbe(p *pool, waited func(time.Duration)) *probe {
	b := &probe{mailbox: p.mailbox(), arrived: make(chan struct{}, 1), waited: waited, stop: make(chan struct{}), over: make(chan struct{})}
	b.mailbox.RegisterHandlers(b, nil)
	go b.run()
	return b
}

// close ends the probing, before the workers end.
func (b *probe) close() {
	close(b.stop)
	<-b.over
}

func (b *probe) run() {
	defer close(b.over)
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-tick.C:
			b.mailbox.PostUserMessage(time.Now())
		}
		select {
		case <-b.stop:
			return
		case <-b.arrived:
		}
	}
}

// InvokeUserMessage is called by a worker.
func (b *probe) InvokeUserMessage(sent any) {
	b.waited(time.Since(sent.(time.Time)))
	b.arrived <- struct{}{}
}

// InvokeSystemMessage and EscalateFailure are never called: nobody but the probe
// knows its mailbox.
func (b *probe) InvokeSystemMessage(any) {}

// EscalateFailure does nothing.
func (b *probe) EscalateFailure(any, any) {}

var _ actor.MessageInvoker = (*probe)(nil)
