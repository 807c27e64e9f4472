package phones

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"i80.dk/sighej/bench/ledger"
	"i80.dk/sighej/bench/probe"
	"i80.dk/sighej/bench/tally"
)

// Generator is a process full of phones. Its operations run one at a time; Take
// may be called meanwhile.
type Generator struct {
	cfg        Config
	servers    []*server
	vocabulary *ledger.Vocabulary
	ledger     *ledger.Ledger
	plan       *plan
	tally      tally.Tally

	connected atomic.Int64
	returning atomic.Int64   // phones whose comeback is not complete
	readers   sync.WaitGroup // of connections, and comebacks

	ctx  context.Context // ends with Close: for comebacks, which no operation waits for
	stop context.CancelFunc

	mu       sync.Mutex
	phones   map[ledger.Phone]*phone
	notes    []string
	said     map[string]bool
	festival *festival
}

// New returns a generator without phones.
func New(cfg Config) (*Generator, error) {
	v, err := ledger.NewVocabulary(cfg.Labels)
	if err != nil {
		return nil, err
	}
	g := &Generator{
		cfg: cfg, vocabulary: v, phones: map[ledger.Phone]*phone{}, said: map[string]bool{},
		ledger: ledger.New(ledger.Config{Vocabulary: v, Late: cfg.Late, MatchLimit: cfg.MatchLimit}),
		plan:   newPlan(cfg.Seed, cfg.Worker, v, cfg.MatchLimit),
	}
	for _, base := range cfg.Bases {
		s, err := newServer(base, cfg)
		if err != nil {
			return nil, err
		}
		g.servers = append(g.servers, s)
	}
	g.ctx, g.stop = context.WithCancel(context.Background())
	return g, nil
}

// Take returns what was done since the last Take.
func (g *Generator) Take(context.Context) (Snapshot, error) {
	self := probe.Self()
	g.mu.Lock()
	notes := g.notes
	g.notes = nil
	g.mu.Unlock()
	return Snapshot{
		Sum: g.tally.Take(), Connected: g.connected.Load(), CPUSeconds: self.CPU, RSS: self.RSS,
		Checks: g.ledger.Checks(), Notes: notes,
	}, nil
}

// Do does an operation. Once ctx has ended, calls that are under way are broken
// off.
func (g *Generator) Do(ctx context.Context, op Op) error {
	stop := context.AfterFunc(ctx, func() {
		for _, s := range g.servers {
			s.cut()
		}
	})
	defer stop()
	return op.Do(ctx, g)
}

// note says something to people, once.
func (g *Generator) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.said[text] {
		g.said[text] = true
		g.notes = append(g.notes, text)
	}
}

func (g *Generator) all() []*phone {
	g.mu.Lock()
	defer g.mu.Unlock()
	phones := make([]*phone, 0, len(g.phones))
	for _, p := range g.phones {
		phones = append(phones, p)
	}
	return phones
}

// join makes p one of the crowd, without which it cannot be chosen.
func (g *Generator) join(p *phone) {
	g.mu.Lock()
	g.phones[p.Phone] = p
	g.mu.Unlock()
	g.plan.admit(p)
}

// part is the end of join.
func (g *Generator) part(p *phone) {
	g.plan.dismiss(p)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.phones, p.Phone)
}

// Close drops what is still connected and waits for all goroutines. It does not
// forget sessions; Leave does.
func (g *Generator) Close() error {
	g.stop()
	g.readers.Wait()
	for _, s := range g.servers {
		s.cut()
	}
	return nil
}

// spread runs do for each of n things on up to width goroutines, until all are
// done or ctx ends.
func spread(ctx context.Context, n, width int, do func(i int)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, width) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// until waits for ok, at most so long; false means in vain.
func until(ctx context.Context, patience time.Duration, ok func() bool) (bool, error) {
	const often = 10 * time.Millisecond
	ticker := time.NewTicker(often)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); ; {
		if ok() {
			return true, nil
		}
		if time.Now().After(deadline) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-ticker.C:
		}
	}
}

var errNobody = errors.New("no phone could register and connect")
