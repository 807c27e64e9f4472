package probe

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Config says what to watch.
type Config struct {
	PIDs    []int
	Metrics []string     // URLs of pages in Prometheus' text format
	Client  *http.Client // fetches the pages; default: [http.DefaultClient]
}

// source is one process as a Watcher sees it. Its methods are not called
// concurrently.
type source interface {
	// read returns what is known now, the shared memory too if all. It blocks for
	// metricsTime at most.
	read(ctx context.Context, all bool) Process
}

// Watcher reads the machine and some processes again and again. It needs no
// closing. Its methods are safe for concurrent use, and take turns.
type Watcher struct {
	mu      sync.Mutex
	sources []source
}

// NewWatcher looks at everything once. The error names every pid that does not
// exist or may not be read, and every page that does not answer as metrics of a
// process within a second.
func NewWatcher(cfg Config) (*Watcher, error) {
	w := &Watcher{}
	var faults []error
	for _, pid := range cfg.PIDs {
		p, err := openProcess(pid)
		w.sources, faults = append(w.sources, p), append(faults, err)
	}
	for _, url := range cfg.Metrics {
		p, err := openPage(cmp.Or(cfg.Client, http.DefaultClient), url)
		w.sources, faults = append(w.sources, p), append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return w, nil
}

// Read takes a reading. It costs some tens of microseconds a process; pages are
// fetched at the same time, and Read waits a second for them at most. Once ctx
// has ended they count as missed.
func (w *Watcher) Read(ctx context.Context) Reading { return w.take(ctx, false) }

// ReadAll is Read with PSS. To tell it the kernel walks all pages of a process,
// and keeps the process from mapping memory meanwhile: take it before and after
// a measurement, not during one.
func (w *Watcher) ReadAll(ctx context.Context) Reading { return w.take(ctx, true) }

func (w *Watcher) take(ctx context.Context, all bool) Reading {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := Reading{Processes: make([]Process, len(w.sources))}
	var reads sync.WaitGroup
	for i, s := range w.sources {
		reads.Go(func() { r.Processes[i] = s.read(ctx, all) })
	}
	reads.Wait()
	r.Host = readHost()
	r.At = time.Now()
	return r
}
