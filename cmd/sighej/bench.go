package main

import (
	"io"
	"os"

	"golang.org/x/term"
	"i80.dk/sighej/bench"
)

// benchStreams tells the suites what they write to.
func benchStreams(std streams) bench.Streams {
	b := bench.Streams{In: std.in, Out: std.out, Err: std.err, Version: versionName()}
	b.Self, _ = os.Executable() // without it more than one worker is an error
	b.Terminal, b.Width = terminal(std.err)
	outTerminal, width := terminal(std.out)
	b.Colour = outTerminal && os.Getenv("NO_COLOR") == ""
	if outTerminal {
		b.Width = width
	}
	return b
}

// terminal tells whether w is one, and how wide.
func terminal(w io.Writer) (is bool, columns int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return false, 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	return err == nil, columns
}
