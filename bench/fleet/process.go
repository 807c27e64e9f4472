package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"sync"

	"i80.dk/sighej/bench/phones"
)

// process is a generator in another process, asked over its standard streams.
type process struct {
	cmd    *exec.Cmd
	client *rpc.Client
}

func startProcess(ctx context.Context, cfg phones.Config, command string, args []string) (generator, error) {
	cmd := exec.Command(command, args...) // #nosec G204 -- the caller's own program
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	p := &process{cmd: cmd, client: rpc.NewClient(streams{out, in})}
	if err := p.call(ctx, "Worker.Start", cfg, nil); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// call asks the worker. When ctx ends it is told to stop what it does, and its
// answer is awaited nevertheless.
func (p *process) call(ctx context.Context, method string, args, reply any) error {
	if reply == nil {
		reply = new(Nothing)
	}
	call := p.client.Go(method, args, reply, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
	case <-ctx.Done():
		_ = p.client.Call("Worker.Stop", Nothing{}, new(Nothing))
		<-call.Done
		return ctx.Err()
	}
	if call.Error != nil {
		if _, told := call.Error.(rpc.ServerError); told { //nolint:errorlint // package rpc never wraps it
			return errors.New(call.Error.Error())
		}
		return fmt.Errorf("a worker is gone: %w", call.Error)
	}
	return nil
}

func (p *process) Do(ctx context.Context, op phones.Op) error {
	return p.call(ctx, "Worker.Do", Order{op}, nil)
}

func (p *process) Take(ctx context.Context) (s phones.Snapshot, err error) {
	err = p.call(ctx, "Worker.Take", Nothing{}, &s)
	return s, err
}

func (p *process) Outcome(ctx context.Context) (o phones.Outcome, err error) {
	err = p.call(ctx, "Worker.Outcome", Nothing{}, &o)
	return o, err
}

// Close closes the worker's input, at which it ends, and waits for that.
func (p *process) Close() error {
	_ = p.client.Close()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("ending a worker: %w", err)
	}
	return nil
}

// Nothing is what a call has no use for. It is exported, with a field, because
// packages rpc and gob insist.
type Nothing struct{ Nothing bool }

// Order is an operation on its way to a worker.
type Order struct{ Op phones.Op }

type streams struct {
	io.Reader
	io.WriteCloser
}

// Serve is the worker's side: it does what it is asked on in and answers on out,
// until in ends.
func Serve(in io.Reader, out io.WriteCloser) error {
	w := &worker{}
	server := rpc.NewServer()
	if err := server.RegisterName("Worker", w); err != nil {
		return fmt.Errorf("starting the worker: %w", err)
	}
	server.ServeConn(streams{in, out})
	return w.close()
}

// worker is what package rpc calls.
type worker struct {
	mu        sync.Mutex
	generator *phones.Generator
	cancel    context.CancelFunc
}

// Start makes the generator.
func (w *worker) Start(cfg phones.Config, _ *Nothing) (err error) {
	w.generator, err = phones.New(cfg)
	return err
}

// Do does an operation.
func (w *worker) Do(o Order, _ *Nothing) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.mu.Lock()
	w.cancel = cancel
	w.mu.Unlock()
	return w.generator.Do(ctx, o.Op)
}

// Stop ends the operation early.
func (w *worker) Stop(Nothing, *Nothing) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cancel != nil {
		w.cancel()
	}
	return nil
}

// Take returns what was done.
func (w *worker) Take(_ Nothing, s *phones.Snapshot) (err error) {
	*s, err = w.generator.Take(context.Background())
	return err
}

// Outcome returns what the festival came to.
func (w *worker) Outcome(_ Nothing, o *phones.Outcome) error {
	*o = w.generator.Outcome()
	return nil
}

func (w *worker) close() error {
	if w.generator == nil {
		return nil
	}
	return w.generator.Close()
}
