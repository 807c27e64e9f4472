package testbrowser

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/chromedp/chromedp"
)

// chromium is where Debian's package of that name puts it.
const chromium = "/usr/bin/chromium"

// Start starts a browser, which asks for nothing by itself, with further options.
// Tabs are made of its context. Leave ends it and waits; its profile, an empty
// folder of its own, goes with it.
func Start(more ...chromedp.ExecAllocatorOption) (ctx context.Context, leave func(), err error) {
	if _, err := os.Stat(chromium); err != nil {
		return nil, nil, fmt.Errorf("this is tested in a real browser: install the package chromium (%w)", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, end := chromedp.NewContext(allocator)
	leave = func() { end(); stop() }
	if err := chromedp.Do(ctx); err != nil {
		leave()
		return nil, nil, fmt.Errorf("starting %s: %w", chromium, err)
	}
	return ctx, leave, nil
}

// Shared is one browser for all tests of a package, which starts when the first
// one asks for it. The package's TestMain calls Leave.
type Shared struct {
	Options []chromedp.ExecAllocatorOption

	once  sync.Once
	ctx   context.Context
	leave func()
	err   error
}

// Browser returns the browser's context. It is safe for concurrent use.
func (s *Shared) Browser() (context.Context, error) {
	s.once.Do(func() { s.ctx, s.leave, s.err = Start(s.Options...) })
	return s.ctx, s.err
}

// Leave ends the browser, if there is one.
func (s *Shared) Leave() {
	if s.leave != nil {
		s.leave()
	}
}
