package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/phone"
	"i80.dk/sighej/wire"
)

const (
	patience = 15 * time.Second // for an answer
	parting  = 3 * time.Second  // for the request that forgets the session
)

type phoneCommand struct {
	Base      string         `default:"http://127.0.0.1:8000" placeholder:"URL" help:"The server. Default: ${default}."`
	Interests []string       `required:"" placeholder:"A,B" help:"What you would talk about: 1 to 20 labels, comma-separated."`
	Token     sighej.Token   `placeholder:"TOKEN" help:"The token to broadcast, 6 to 64 characters of A-Z a-z 0-9 _ -. Default: a new one."`
	Sight     []sighej.Token `placeholder:"TOKEN" help:"Report this token once connected; may be given several times."`
	Auth      string         `enum:"bearer,none" default:"bearer" placeholder:"MODE" help:"bearer, or none for a server with AUTH=beacon. Default: ${default}."`
	Radio     string         `enum:"none,bluez" default:"none" placeholder:"RADIO" help:"none: tokens are typed; bluez: this machine's Bluetooth sends and hears them (Linux). Default: ${default}."`
	Adapter   string         `placeholder:"NAME" help:"The Bluetooth adapter, as in hci0. Default: one that is on."`
	JSON      bool           `help:"Print JSON, one object a line."`
}

// Help is what `sighej phone --help` tells beyond the flags.
func (phoneCommand) Help() string {
	return "It prints its token, then a line for each nudge. Each line on standard input is a token that it heard, or " +
		"/open, /close, /block, /wave or /quit. /block never meets again whom the last nudge was about, and /wave says hi to them; " +
		"either takes the id of another nudge, as --json tells it. The end of the input does not end it. On SIGINT or SIGTERM it forgets its session. " +
		"With --radio bluez it prints a line for each token that it sends and each change of who is in range, and tokens are " +
		"not typed."
}

// Validate checks what kong cannot.
func (c *phoneCommand) Validate() error {
	if c.Radio == "bluez" && (c.Token != "" || len(c.Sight) != 0 || c.Auth == "none") {
		return errors.New("--radio bluez makes its own tokens and hears those of others: --token, --sight and --auth none do not go with it")
	}
	if c.Adapter != "" && c.Radio != "bluez" {
		return errors.New("--adapter is for --radio bluez")
	}
	return nil
}

// Run is a phone until ctx ends, /quit is typed or the session ends.
func (c *phoneCommand) Run(ctx context.Context, std streams) error {
	if c.Radio == "bluez" {
		return c.onAir(ctx, std)
	}
	say := newPrinter(std.out, std.err, c.JSON)
	var last lastNudge
	p, err := phone.Register(ctx, c.config(say, &last))
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return spelledOut(err)
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	connection := keep(running, p)
	talk := conversation{phone: p, say: say, sight: c.Sight, last: &last}
	talk.hold(ctx, std.in, connection.ended)
	stop()
	if err := connection.wait(); err != nil {
		return ending(err)
	}
	forget(ctx, p, say)
	return nil
}

// kept is a phone that is kept connected.
type kept struct {
	ended chan struct{}
	err   error
}

func keep(ctx context.Context, p *phone.Phone) *kept {
	k := &kept{ended: make(chan struct{})}
	go func() {
		defer close(k.ended)
		k.err = p.Run(ctx)
	}()
	return k
}

// wait returns why the session ended, or nil when it lives.
func (k *kept) wait() error {
	<-k.ended
	return k.err
}

// forget ends the session, whether or not ctx has ended.
func forget(ctx context.Context, p *phone.Phone, say *printer) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer done()
	if err := p.Forget(ctx); err != nil && sighej.CodeOf(err) != sighej.CodeUnauthorized {
		say.complain("the session could not be forgotten; it ends by itself at " +
			p.ExpiresAt().Local().Format(time.TimeOnly) + ": " + err.Error())
	}
}

// lastNudge is the one that is meant when none is named. It is safe for concurrent
// use.
type lastNudge struct{ id atomic.Pointer[string] }

func (l *lastNudge) came(id string) { l.id.Store(&id) }

// orNamed returns the id that was typed behind a command, or else the last nudge's;
// false, and a complaint, when there was none.
func (l *lastNudge) orNamed(typed string, say *printer) (id string, ok bool) {
	if id = strings.TrimSpace(typed); id != "" {
		return id, true
	}
	last := l.id.Load()
	if last == nil {
		say.complain("there was no nudge yet")
		return "", false
	}
	return *last, true
}

func (c *phoneCommand) config(say *printer, last *lastNudge) phone.Config {
	cfg := phone.Config{
		Base: c.Base, Interests: c.Interests, Token: c.Token,
		OnNudge: func(n wire.Nudge) { last.came(n.ID); say.nudge(n) },
	}
	if c.Auth == "none" {
		cfg.Auth = phone.None
	}
	var lost atomic.Bool
	cfg.OnState = func(s phone.State) {
		switch {
		case s == phone.Waiting && !lost.Swap(true):
			say.complain("no connection; trying again")
		case s == phone.Connected && lost.Swap(false):
			say.complain("connected again")
		}
	}
	return cfg
}

// conversation is what goes on between the person and the phone.
type conversation struct {
	phone *phone.Phone
	say   *printer
	sight []sighej.Token
	last  *lastNudge
}

// hold converses until ctx ends, the person quits or the session is over.
func (t *conversation) hold(ctx context.Context, in io.Reader, over <-chan struct{}) {
	select {
	case <-t.phone.Connected():
	case <-over:
		return
	}
	t.say.token(t.phone.Token())
	for _, token := range t.sight {
		t.sighted(ctx, token)
	}
	typed := lines(ctx, in, t.say)
	for {
		select {
		case <-over:
			return
		case line, ok := <-typed:
			if !ok {
				typed = nil // the input is at its end, and the phone goes on listening
			} else if quit := t.heard(ctx, strings.TrimSpace(line)); quit {
				return
			}
		}
	}
}

// heard does what one typed line asks for.
func (t *conversation) heard(ctx context.Context, line string) (quit bool) {
	switch command, id, _ := strings.Cut(line, " "); command {
	case "/block":
		t.about(ctx, id, t.phone.Block, "blocked")
		return false
	case "/wave":
		t.about(ctx, id, t.phone.Wave, "waved")
		return false
	}
	switch line {
	case "":
	case "/quit":
		return true
	case "/open", "/close":
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := t.phone.SetOpen(ctx, line == "/open"); err != nil {
			t.say.complain(spelledOut(err).Error())
			return false
		}
		t.say.open(line == "/open")
	default:
		token, err := sighej.ParseToken(line)
		if err != nil {
			t.say.complain(err.Error() + "; commands are /open, /close, /block, /wave and /quit")
			return false
		}
		t.sighted(ctx, token)
	}
	return false
}

// about does something about a nudge: that with the id, or else the last one.
func (t *conversation) about(ctx context.Context, id string, do func(context.Context, string) error, done string) {
	id, ok := t.last.orNamed(id, t.say)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := do(ctx, id); err != nil {
		t.say.complain(spelledOut(err).Error())
		return
	}
	t.say.about(done, id)
}

// sighted reports that a token was heard and tells what became of it.
func (t *conversation) sighted(ctx context.Context, token sighej.Token) {
	if token == t.phone.Token() {
		t.say.complain("that is your own token")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	results, err := t.phone.Sight(ctx, []wire.Sighting{{Token: string(token)}})
	if err != nil {
		t.say.complain(spelledOut(err).Error())
		return
	}
	t.say.sighted(results[0])
}

// lines returns what is typed. Its goroutine may be stuck in a read when the
// process ends; nothing can interrupt a read of a terminal.
func lines(ctx context.Context, in io.Reader, say *printer) <-chan string {
	typed := make(chan string)
	go func() {
		defer close(typed)
		scanner := bufio.NewScanner(in)
		for scanner.Scan() {
			select {
			case typed <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
		if err := scanner.Err(); err != nil {
			say.complain("standard input: " + err.Error())
		}
	}()
	return typed
}

// ending tells why the session is over before its time.
func ending(err error) error {
	switch sighej.CodeOf(err) {
	case sighej.CodeUnauthorized, sighej.CodeNotFound:
		return fmt.Errorf("the server no longer knows this session: %w", err)
	}
	return spelledOut(err)
}

// spelledOut adds the single faults to the message of an error that has them.
func spelledOut(err error) error {
	e, ok := errors.AsType[*sighej.Error](err)
	if !ok || len(e.Fields) == 0 {
		return err
	}
	var b strings.Builder
	b.WriteString(e.Message)
	for _, f := range e.Fields {
		b.WriteString("\n  " + f.Path + ": " + f.Message)
	}
	return errors.New(b.String())
}
