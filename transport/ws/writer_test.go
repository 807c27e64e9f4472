package ws

import (
	"bytes"
	"runtime"
	"slices"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// huge is more than most kernels take for a client with smallBuffer.
var huge = bytes.Repeat([]byte{'x'}, 240<<10)

// kernelTakes is more than any kernel buffers for a client that does not read.
const kernelTakes = 256 << 20

// stuff sends huge to a client that does not read, so that the write is stuck,
// and then until the queue is full.
func (r *rig) stuff(t *testing.T, a *actor) {
	t.Helper()
	before := r.Counters().Writes
	a.Send(huge, sighej.NudgeID{})
	eventually(t, "the write to begin", func() bool { return r.Counters().Writes > before })
	for n := 0; a.Send(huge[:4<<10], sighej.NudgeID{}); n += 4 << 10 {
		if n > kernelTakes {
			t.Fatal("the queue never filled up")
		}
	}
}

// Some clients never read, more of them than there are writers; others get
// thousands of nudges meanwhile.
func TestStalledReaderHarmsNobody(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := newRigTLS(t, Config{WriteStall: 10 * patience}, secure)
		r.slowReaders = true
		stalled := 4 * runtime.GOMAXPROCS(0)
		for range stalled {
			_, a := r.dialV1(t)
			r.stuff(t, a)
		}
		r.slowReaders = false
		for range 4 {
			c, a := r.dialV1(t)
			for begin := 0; begin < 2000; begin += 500 { // the queue takes 1,024
				for i := range 500 {
					if !a.Send(text(begin+i), sighej.NudgeID{}) {
						t.Fatal("not sent")
					}
				}
				for i := range 500 {
					if _, got, err := c.ReadMessage(); err != nil || !bytes.Equal(got, text(begin+i)) {
						t.Fatalf("frame %d: %s, %v", begin+i, got, err)
					}
				}
			}
		}
		if n := r.Counters().Overloaded; n != int64(stalled) {
			t.Errorf("%d overloaded, want %d", n, stalled)
		}
	}
}

// A client whose queue ran full is told so if it reads on.
func TestFullQueueCloses1013(t *testing.T) {
	r := newRig(t, Config{})
	r.slowReaders = true
	p, a := r.dialRaw(t, wire.Subprotocol)
	r.stuff(t, a)
	if a.Send(nil, sighej.NudgeID{}) {
		t.Error("sent after the queue was full")
	}
	if code := p.closeCode(t); code != wire.CloseOverloaded {
		t.Errorf("closed with %d", code)
	}
	_ = p.Close()
	a.awaitClosed(t)
}

// The queue takes so many frames and so many bytes, and not one more.
func TestQueueBounds(t *testing.T) {
	for _, c := range []struct{ size, want int }{
		{2, maxQueuedFrames},
		{200, maxQueuedFrames},
		{4096, (maxQueuedBytes-maxHeader-4096)/4100 + 1},
		{maxQueuedBytes, 0},
	} {
		sent := make(chan int, 1)
		d := newDoor()
		d.attached = func(a *actor) {
			n := 0
			for a.Send(make([]byte, c.size), sighej.NudgeID{}) {
				n++
			}
			sent <- n
		}
		r := newRig(t, Config{Sessions: d})
		conn, a := r.dialV1(t)
		if n := <-sent; n != c.want {
			t.Errorf("took %d frames of %d bytes, want %d", n, c.size, c.want)
		}
		expectClose(t, conn, wire.CloseOverloaded)
		a.awaitClosed(t)
	}
}

// Somebody who pings without reading the answers fills the queue too.
func TestPingFlood(t *testing.T) {
	r := newRig(t, Config{WriteStall: patience, CloseWait: 10 * time.Millisecond})
	r.slowReaders = true
	p, a := r.dialRaw(t, wire.Subprotocol)
	a.Send(huge, sighej.NudgeID{}) // fills the kernel's buffers: many small segments would jam both ways
	pings := bytes.Repeat(masked(fin(opPing), bytes.Repeat([]byte{'x'}, 125)), 100)
	go func() {
		for {
			if _, err := p.Write(pings); err != nil {
				return
			}
		}
	}()
	eventually(t, "1013", func() bool { return r.Counters().Overloaded == 1 })
	_ = p.Close()
	a.awaitClosed(t)
}

// A write that is stuck for too long ends the connection, though the queue has
// room.
func TestWriteStall(t *testing.T) {
	r := newRig(t, Config{WriteStall: 50 * time.Millisecond, CloseWait: 10 * patience})
	r.slowReaders = true
	p, a := r.dialRaw(t, wire.Subprotocol)
	a.Send(huge, sighej.NudgeID{})
	a.awaitClosed(t)
	p.awaitEnd(t)
	if n := r.Counters().Overloaded; n != 1 {
		t.Errorf("%d overloaded, want 1", n)
	}
}

// A client that caught up in time is as good as any.
func TestWriteStallIsForgiven(t *testing.T) {
	const stall = time.Second
	r := newRig(t, Config{WriteStall: stall})
	r.slowReaders = true
	p, a := r.dialRaw(t, wire.Subprotocol)
	begun := time.Now()
	a.Send(huge, sighej.NudgeID{})
	eventually(t, "the write to be stuck", func() bool { return r.Counters().Writes == 2 })
	if _, _, err := p.next(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stall to be past", func() bool { return time.Since(begun) > stall+stall/10 })
	a.Send(text(1), sighej.NudgeID{})
	if _, payload, err := p.next(); err != nil || !bytes.Equal(payload, text(1)) {
		t.Errorf("%q, %v", payload, err)
	}
}

// A bare client's nudges are reported once all of them is written, and in order.
func TestDelivered(t *testing.T) {
	r := newRig(t, Config{WriteStall: patience})
	r.slowReaders = true
	p, a := r.dialRaw(t, "")
	if !a.bare {
		t.Fatal("not bare")
	}
	a.Send(huge, sighej.NudgeID{})
	eventually(t, "the write to be stuck", func() bool { return r.Counters().Writes == 2 })
	var want []sighej.NudgeID
	for i := range 20 {
		want = append(want, sighej.NewNudgeID())
		if !a.Send(text(i), want[i]) {
			t.Fatal("not sent")
		}
	}
	a.mu.Lock()
	early := len(a.delivered)
	a.mu.Unlock()
	if early != 0 {
		t.Errorf("%d nudges were delivered behind a frame that was not", early)
	}
	for range 21 {
		if _, _, err := p.next(); err != nil {
			t.Fatal(err)
		}
	}
	a.await(t, "Delivered", func() bool { return len(a.delivered) == len(want) })
	if !slices.Equal(a.delivered, want) {
		t.Error("others were delivered")
	}
}

// With the subprotocol delivery is what the client acknowledges, nothing else.
func TestNotDelivered(t *testing.T) {
	r := newRig(t, Config{})
	c, a := r.dialV1(t)
	a.Send(text(1), sighej.NewNudgeID())
	_, _, _ = c.ReadMessage()
	a.Close(wire.CloseExpired)
	expectClose(t, c, wire.CloseExpired)
	a.awaitClosed(t)
	if len(a.delivered) != 0 {
		t.Error("Delivered with the subprotocol")
	}
}
