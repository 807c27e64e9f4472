package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"i80.dk/sighej/server"
)

type serveCommand struct {
	Settings settings `embed:""`
}

// settings are the options without their methods: kong would call Validate by
// itself, before the numbers that are none can be told with the other faults.
type settings server.Options

// Help is what `sighej serve --help` tells beyond the settings.
func (serveCommand) Help() string {
	return "Each setting is a flag, a variable of the environment or a line of .env in the working directory; the " +
		"first of these that has it wins. Without any setting it serves on loopback and needs no other server."
}

// Run serves until ctx ends.
func (c *serveCommand) Run(ctx context.Context, std streams) error {
	o := server.Options(c.Settings)
	if err := validate(o); err != nil {
		return err
	}
	return server.Run(ctx, o, versionName(), server.NewLogger(std.err, o), func(at server.Addresses) {
		welcome(std.out, at, o)
	})
}

// welcome tells what to try next.
func welcome(w io.Writer, at server.Addresses, o server.Options) {
	base := "http://" + server.Dialable(at.Public)
	phone := os.Args[0] + " phone --interests devops,hardstyle"
	if base != "http://127.0.0.1:8000" {
		phone += " --base " + base
	}
	if o.Beacon() {
		phone += " --auth none"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nSigHej %s is up.\n\n", versionName())
	fmt.Fprintf(&b, "  the contract   %s/docs\n", base)
	fmt.Fprintf(&b, "  statistics     http://%s/\n", server.Dialable(at.Admin))
	if at.Cluster != "" {
		fmt.Fprintf(&b, "  the cluster    %s; who is in it: %s\n", clusterAddress(at.Cluster), statusCommand(at.Admin))
	}
	fmt.Fprintln(&b)
	fmt.Fprintf(&b, "Try it with two phones, each in a terminal of its own:\n\n")
	fmt.Fprintf(&b, "  %s\n  %s --sight <the other one's token>\n\n", phone, phone)
	fmt.Fprintf(&b, "Or by hand:\n\n")
	fmt.Fprintf(&b, "  curl %s/session -H 'Content-Type: application/json' \\\n", base)
	fmt.Fprintf(&b, "    -d '{\"ble_token\": \"abc123\", \"interests\": [\"devops\", \"hardstyle\"]}'\n\n")
	_, _ = io.WriteString(w, b.String()) // nobody may be reading, and the member serves all the same
}

// clusterAddress tells where the other members reach this one. A port that the
// member picks itself is not known before it has joined.
func clusterAddress(address string) string {
	if host, port, err := net.SplitHostPort(address); err == nil && port == "0" {
		return host + " on a free port"
	}
	return address
}

// statusCommand is the command that lists the members.
func statusCommand(admin string) string {
	command := os.Args[0] + " cluster status"
	if at := "http://" + server.Dialable(admin); at != "http://127.0.0.1:8001" {
		command += " --admin " + at
	}
	return command
}
