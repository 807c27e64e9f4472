package fleet

import (
	"context"
	"errors"
	"sync"

	"i80.dk/sighej/bench/phones"
)

// Fleet is one or several generators. Do runs one operation at a time; Take may
// be called meanwhile.
type Fleet struct{ generators []generator }

// generator is a phones.Generator, here or in another process.
type generator interface {
	Do(ctx context.Context, op phones.Op) error
	Take(ctx context.Context) (phones.Snapshot, error)
	Outcome(ctx context.Context) (phones.Outcome, error)
	Close() error
}

// New starts workers generators: a single one in this process, several each in a
// process of its own, for which command is started with args; it must call
// Serve.
func New(ctx context.Context, workers int, cfg phones.Config, command string, args ...string) (*Fleet, error) {
	f := &Fleet{}
	for i := range workers {
		cfg.Worker = i
		g, err := start(ctx, workers, cfg, command, args)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.generators = append(f.generators, g)
	}
	return f, nil
}

func start(ctx context.Context, workers int, cfg phones.Config, command string, args []string) (generator, error) {
	if workers == 1 {
		g, err := phones.New(cfg)
		return local{g}, err
	}
	return startProcess(ctx, cfg, command, args)
}

// Workers returns how many generators there are.
func (f *Fleet) Workers() int { return len(f.generators) }

// Do divides op among the generators and waits until all are done; the first
// error stops the others.
func (f *Fleet) Do(ctx context.Context, op phones.Op) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for i, g := range f.generators {
		wg.Go(func() {
			if err := g.Do(ctx, op.Share(i, len(f.generators))); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Take returns what all did since the last Take.
func (f *Fleet) Take(ctx context.Context) (phones.Snapshot, error) {
	var all phones.Snapshot
	for _, g := range f.generators {
		s, err := g.Take(ctx)
		if err != nil {
			return all, err
		}
		add(&all, s)
	}
	return all, nil
}

func add(all *phones.Snapshot, s phones.Snapshot) {
	all.Sum.Merge(&s.Sum)
	all.Connected += s.Connected
	all.CPUSeconds += s.CPUSeconds
	all.RSS += s.RSS
	all.Notes = append(all.Notes, s.Notes...)
	all.Checks.Add(&s.Checks)
}

// Outcome returns what a festival came to; the map is that of the first crowd.
func (f *Fleet) Outcome(ctx context.Context) (all phones.Outcome, err error) {
	for i, g := range f.generators {
		o, err := g.Outcome(ctx)
		if err != nil {
			return all, err
		}
		if i == 0 {
			all.Crowd = o.Crowd
		}
		all.Encounters += o.Encounters
		all.Overlapping += o.Overlapping
		all.Nudged += o.Nudged
		all.Delays = append(all.Delays, o.Delays...)
		all.Sightings += o.Sightings
		all.PhoneHours += o.PhoneHours
	}
	return all, nil
}

// Close ends all generators.
func (f *Fleet) Close() error {
	var errs []error
	for _, g := range f.generators {
		errs = append(errs, g.Close())
	}
	return errors.Join(errs...)
}

// local is a generator of this process.
type local struct{ *phones.Generator }

func (l local) Outcome(context.Context) (phones.Outcome, error) { return l.Generator.Outcome(), nil }
