package actors

import (
	"sync"
	"time"

	"i80.dk/sighej"
)

// desk does what would make an actor wait: the steps of the store. An actor
// hands a job in and goes on; the job sends the answer as a message. The queue
// is bounded; when it is full the job is refused and the caller is told to come
// again.
type desk struct {
	jobs chan func()
	quit chan struct{}
	wg   sync.WaitGroup
}

const (
	deskWorkers = 128   // steps of the store in flight, which it may pipeline
	deskQueue   = 16384 // steps that wait
)

// errBusy answers when the desk's queue is full.
var errBusy = sighej.Errorf(sighej.CodeOverloaded, "too much work is waiting").After(time.Second)

func newDesk() *desk {
	d := &desk{jobs: make(chan func(), deskQueue), quit: make(chan struct{})}
	for range deskWorkers {
		d.wg.Go(d.work)
	}
	return d
}

func (d *desk) work() {
	for {
		select {
		case job := <-d.jobs:
			job()
		case <-d.quit:
			d.rest()
			return
		}
	}
}

// rest does what still waits.
func (d *desk) rest() {
	for {
		select {
		case job := <-d.jobs:
			job()
		default:
			return
		}
	}
}

// do queues a job and reports false when there is no room. After close nobody
// does it.
func (d *desk) do(job func()) bool {
	select {
	case d.jobs <- job:
		return true
	default:
		return false
	}
}

// close ends the workers when all jobs are done.
func (d *desk) close() {
	close(d.quit)
	d.wg.Wait()
}
