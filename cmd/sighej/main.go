// Command sighej is the one binary of SigHej: it serves, it can be a phone, and it
// is the operator's hand.
//
//	sighej serve     one member; alone it is a working system
//	sighej phone     a phone: type the tokens that it hears, or let Bluetooth hear them
//	sighej bench     suites that tell what a deployment carries
//	sighej cluster   the members: who they are, and their leaving
//	sighej config    the settings, and where each comes from
//	sighej doctor    what a member needs, and what to mend
//	sighej health    whether a member is well, for supervisors
//	sighej version
//
// Settings come from flags, then the environment, then .env in the working
// directory. The exit status is 0 when all went well, 1 after a failure and 2
// for a wrong command line or wrong settings; 130 after an interrupted bench run.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"syscall"

	"github.com/alecthomas/kong"
	"i80.dk/sighej"
	"i80.dk/sighej/bench"
	"i80.dk/sighej/server"
)

const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // as shells tell of a command that SIGINT ended
)

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

type commandLine struct {
	Serve   serveCommand   `cmd:"" help:"Run one member."`
	Phone   phoneCommand   `cmd:"" help:"Be a phone: register, wait for nudges, report the tokens typed on standard input."`
	Bench   bench.Command  `cmd:"" help:"Load a server over the public contract, and check all that it answers."`
	Cluster clusterCommand `cmd:"" help:"Look after the members of a cluster."`
	Doctor  doctorCommand  `cmd:"" help:"Look at what a member needs, and tell in plain words what to mend."`
	Config  configCommand  `cmd:"" help:"Print the settings as a member would take them, and where each comes from."`
	Health  healthCommand  `cmd:"" help:"Tell whether the member on this machine is well, by the exit status."`
	Version versionCommand `cmd:"" help:"Print the version."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version."`
}

func main() {
	err := run(untilSignal(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	if err != nil && !errors.Is(err, errTold) {
		fmt.Fprintln(os.Stderr, "sighej: "+err.Error())
	}
	os.Exit(exitStatus(err))
}

// untilSignal returns a context that SIGINT or SIGTERM ends. A second signal
// ends the process at once, even one that was started with SIGINT ignored, as
// shells do in the background.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitFailure)
	}()
	return ctx
}

// run reads the settings and does what the command line asks for.
func run(ctx context.Context, args []string, std streams) error {
	env := readEnvironment()
	if err := server.LoadDotenv(".env"); err != nil {
		return usageError{err}
	}
	var cli commandLine
	parser, err := kong.New(
		&cli,
		kong.Name("sighej"),
		kong.Description("SigHej nudges two people who are near each other and share an interest."),
		kong.Vars{"version": versionLine()},
		kong.Writers(std.out, std.err),
		kong.KindMapper(reflect.Int, kong.MapperFunc(decodeNumber)),
		kong.TypeMapper(reflect.TypeFor[sighej.Token](), kong.MapperFunc(decodeToken)),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 110}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(std, benchStreams(std), env),
	)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return usageError{fmt.Errorf("%w (%s --help tells more)", err, asked(err))}
	}
	return command.Run()
}

// usageError is a fault of the command line or of the settings.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func exitStatus(err error) int {
	if err == nil {
		return 0
	}
	_, usage := errors.AsType[usageError](err)
	_, settings := errors.AsType[*server.OptionsError](err)
	_, flags := errors.AsType[*bench.UsageError](err)
	switch {
	case usage || settings || flags:
		return exitUsage
	case errors.Is(err, bench.ErrInterrupted):
		return exitInterrupted
	}
	return exitFailure
}

// asked returns the command that the faulty command line asked for, as far as it
// did.
func asked(err error) string {
	wrong, ok := errors.AsType[*kong.ParseError](err)
	if !ok || wrong.Context == nil || wrong.Context.Selected() == nil {
		return "sighej"
	}
	return wrong.Context.Selected().FullPath()
}
