package ledger

import (
	"fmt"
	"sync"
	"time"

	"i80.dk/sighej/bench/report"
)

const (
	maxExamples = 5    // of each kind of fault
	sweepEvery  = 1024 // retired phones
)

// Config says what holds for the server under test.
type Config struct {
	Vocabulary *Vocabulary
	Late       time.Duration // a nudge is late after this time; 0: never
	MatchLimit int           // new matches of a session that the server allows at least; 0: any number
}

// Phone is one session of the run: its number in the order of Add.
type Phone int32

// Ledger is safe for concurrent use.
type Ledger struct {
	cfg Config

	mu       sync.Mutex
	phones   []phone
	pairs    map[[2]Phone]*pair
	retired  int // since the last sweep
	owed     int // nudges that must come and have not
	inFlight int // reports of overlapping pairs without an answer yet
	checks   report.Checks
	faults   map[string]*report.Finding
	prose    prose
}

type phone struct {
	interests Set
	since     time.Time        // of its connection; zero: not connected
	seen      map[string]int32 // the connection on which a nudge's id last came
	conn      int32            // which connection this is
	matched   int              // matches made
	owed      int
	awaited   map[Set][]*pair // pairs by what they share whose nudge may still come
	had       map[Set]bool    // what it was nudged about
	guessed   map[Set]bool    // a nudge of this content came that may have been about several, none of them certain
	retired   bool
}

// pair is two phones of whom one reported the other, and who share something.
type pair struct {
	phones   [2]Phone
	shared   Set
	due      time.Time // of the first report
	inFlight int
	claims   int // answers with nudge_sent
	lost     int // reports that may have counted or not
	matched  bool
	made     bool // committed, as far as we know
	got      [2]time.Time
}

// New returns an empty ledger.
func New(cfg Config) *Ledger {
	return &Ledger{
		cfg: cfg, pairs: map[[2]Phone]*pair{}, faults: map[string]*report.Finding{},
		prose: newProse(cfg.Vocabulary), checks: report.Checks{Errors: map[string]int64{}},
	}
}

// Add takes in a session with its interests.
func (l *Ledger) Add(interests Set) Phone {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phones = append(l.phones, phone{interests: interests})
	return Phone(len(l.phones) - 1)
}

// Connected notes that p has a new connection: nudges that it did not
// acknowledge may come again.
func (l *Ledger) Connected(p Phone, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phones[p].since = at
	l.phones[p].conn++
}

// Disconnected notes that p has no connection: nothing is late until the next.
func (l *Ledger) Disconnected(p Phone) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phones[p].since = time.Time{}
}

func key(a, b Phone) [2]Phone { return [2]Phone{min(a, b), max(a, b)} }

func (p *pair) side(of Phone) int {
	if p.phones[0] == of {
		return 0
	}
	return 1
}

// Reports notes that by is about to report of, which is due at that time. Every
// call is followed by one of Answered, Refused or Lost.
func (l *Ledger) Reports(by, of Phone, due time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	shared := l.phones[by].interests.And(l.phones[of].interests)
	if shared.Empty() {
		return
	}
	p := l.pairs[key(by, of)]
	if p == nil {
		p = &pair{phones: key(by, of), shared: shared, due: due}
		l.pairs[p.phones] = p
	}
	p.inFlight++
	l.inFlight++
	if p.inFlight == 1 && !p.made && p.lost == 0 {
		p.due = due
		l.await(p)
	}
}

func (l *Ledger) await(p *pair) {
	for _, of := range p.phones {
		ph := &l.phones[of]
		if ph.awaited == nil {
			ph.awaited = map[Set][]*pair{}
		}
		ph.awaited[p.shared] = append(ph.awaited[p.shared], p)
	}
}

func (l *Ledger) forget(p *pair, of Phone) {
	ph := &l.phones[of]
	queue := ph.awaited[p.shared]
	for i, q := range queue {
		if q == p {
			queue = append(queue[:i], queue[i+1:]...)
			break
		}
	}
	if len(queue) == 0 {
		delete(ph.awaited, p.shared)
		return
	}
	ph.awaited[p.shared] = queue
}

// Error counts a failure that is no answer to a report.
func (l *Ledger) Error(code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.checks.Errors[code]++
}

// Broken notes that the server said what is not of the contract.
func (l *Ledger) Broken(p Phone, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault(report.FaultProtocol, "phone %d: %s", p, what)
}

func (l *Ledger) fault(kind, format string, args ...any) {
	f := l.faults[kind]
	if f == nil {
		f = &report.Finding{Kind: kind}
		l.faults[kind] = f
	}
	f.Count++
	if len(f.Examples) < maxExamples {
		f.Examples = append(f.Examples, fmt.Sprintf(format, args...))
	}
}
