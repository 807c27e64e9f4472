package admin

import (
	"context"
	"errors"
	"sync"
	"time"

	"i80.dk/sighej/persistence"
	"i80.dk/sighej/wire"
)

// Bounds of one look at everything.
const (
	lookTime     = 1500 * time.Millisecond
	historyEvery = time.Minute
	historyAgain = 10 * time.Second // after the statistics could not be read
)

// Today is the day so far.
type Today struct {
	persistence.Totals
	Active int64 // sessions that live now
}

// picture is what was seen at the last look. It is not changed any more.
type picture struct {
	at         time.Time // by the clock of the store
	today      Today
	todayErr   error
	categories []Category
	health     wire.Health
	since      map[string]time.Time // how long each part of health has been as it is
	members    []Member
	membersErr error
	samples    samples

	history     []persistence.Totals
	historyErr  error
	historyFrom persistence.Day
	historyAt   time.Time
}

// board is where the newest picture hangs.
type board struct {
	mu      sync.Mutex
	now     *picture
	changed chan struct{} // closed with the next picture
	leaving chan struct{} // closed when pages are to go elsewhere
	left    sync.Once
}

func newBoard() *board {
	return &board{changed: make(chan struct{}), leaving: make(chan struct{})}
}

// newest returns the last picture, nil before the first, and what is closed when
// there is another.
func (b *board) newest() (*picture, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now, b.changed
}

func (b *board) hang(p *picture) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = p
	close(b.changed)
	b.changed = make(chan struct{})
}

// Run looks at everything each two seconds, for the page, until ctx ends. It must
// run once at a time; without it the page stands still.
func (h *Handler) Run(ctx context.Context) error {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		last, _ := h.board.newest()
		h.board.hang(h.cfg.look(ctx, last))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Leave tells the pages that are open that this member goes, and ends their
// streams. It does not block and may be called more than once.
func (h *Handler) Leave() { h.board.left.Do(func() { close(h.board.leaving) }) }

// look draws a picture; last is the one before, or nil.
func (cfg *Config) look(ctx context.Context, last *picture) *picture {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	p := &picture{at: cfg.Now().UTC(), since: map[string]time.Time{}}
	if last == nil {
		last = &picture{}
	}
	var all sync.WaitGroup
	all.Go(func() { p.today, p.todayErr = cfg.Today(ctx) })
	all.Go(func() { p.health = cfg.Health(ctx) })
	all.Go(func() { p.members, p.membersErr = cfg.Members(ctx) })
	all.Go(func() { cfg.lookBack(ctx, p, last) })
	all.Wait()
	for part, state := range p.health.Components {
		p.since[part] = p.at
		if before, known := last.since[part]; known && last.health.Components[part] == state {
			p.since[part] = before
		}
	}
	p.samples = last.samples.and(sample{at: time.Now(), known: p.todayErr == nil, totals: p.today.Totals, acked: cfg.Nudges.take()})
	p.categories = last.categories
	if p.todayErr == nil {
		p.categories = cfg.Floor.Categories(p.today.Totals)
	} else if last.todayErr == nil || last.today.Day != "" {
		p.today = last.today // as it was, and shown as that
	}
	return p
}

// lookBack reads the history again when it may have changed.
func (cfg *Config) lookBack(ctx context.Context, p, last *picture) {
	from := firstDay(cfg.Now(), defaultDays)
	p.history, p.historyErr, p.historyFrom, p.historyAt = last.history, last.historyErr, from, last.historyAt
	age := time.Since(last.historyAt)
	if last.historyFrom == from && (age < historyAgain || age < historyEvery && last.historyErr == nil) {
		return
	}
	history, err := cfg.History(ctx, from)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	p.historyAt, p.historyErr = time.Now(), err
	if err == nil {
		p.history = history
	}
}

func firstDay(now time.Time, days int) persistence.Day {
	return persistence.DayOf(now.AddDate(0, 0, 1-days))
}
