package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	proof "i80.dk/sighej/internal/forget" // forget is a verb of a phone's here
	"i80.dk/sighej/server"
)

type doctorForgetCommand struct {
	operator
	Base        string   `default:"http://127.0.0.1:8000" placeholder:"URL" help:"The public listener of any member. Default: ${default}."`
	RedisURL    string   `env:"REDIS_URL" placeholder:"URL" help:"Redis that keeps the sessions; all of it is read. Without one they live in the member, and there is none to search."`
	DatabaseURL string   `env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL that keeps the statistics; all of it is read."`
	DataDir     string   `env:"DATA_DIR" default:"./data" placeholder:"DIR" help:"Directory with SQLite's files, searched when there is no DATABASE_URL. Default: ${default}."`
	File        []string `placeholder:"FILE" help:"More files to search, such as logs and backups; may be repeated."`
	Expiry      bool     `help:"Let one of the two phones expire instead of having it forgotten. It takes SESSION_TTL_SECONDS."`
	JSON        bool     `help:"Print JSON."`
}

// Help is what `sighej doctor forget --help` tells beyond the flags.
func (doctorForgetCommand) Help() string {
	return "It registers two phones, matches them, and ends one session after the other. Then it searches everything that the " +
		"deployment keeps for all that they ever were: all keys and values of Redis, all rows of PostgreSQL, SQLite's files, the files " +
		"that you name, and a member's own pages. First it does so while they live, so that finding nothing means something. " +
		"The exit status is 1 when something is left. Two sessions and a match are counted in the statistics."
}

// Run tries it out and prints the reports.
func (c *doctorForgetCommand) Run(ctx context.Context, std streams) error {
	trial := proof.Trial{
		Base: c.Base, Expire: c.Expiry, Step: func(did string) { _, _ = fmt.Fprintln(std.err, did) },
		Deployment: proof.Deployment{
			RedisURL: c.RedisURL, DatabaseURL: c.DatabaseURL, Files: c.files(),
			Pages: proof.AdminPages(c.Admin), AdminToken: c.AdminToken,
		},
	}
	for _, name := range c.File {
		if _, err := os.Stat(name); err != nil {
			return usageError{fmt.Errorf("--file: %w", err)}
		}
	}
	result, err := trial.Run(ctx)
	if told := c.tell(std, result); told != nil {
		return told
	}
	if errors.Is(err, proof.ErrTraces) {
		return errTold
	}
	return err
}

func (c *doctorForgetCommand) files() []string {
	if c.DatabaseURL != "" {
		return c.File
	}
	return append(proof.SQLiteFiles(filepath.Join(c.DataDir, server.StatisticsFile)), c.File...)
}

// tell prints the report on each session that is over.
func (c *doctorForgetCommand) tell(std streams, r proof.Result) error {
	if c.JSON {
		b, err := json.MarshalIndent(map[string]any{"alive": told(r.Alive), "deleted": told(r.Deleted), "over": told(r.Over)}, "", "  ")
		if err != nil {
			return err
		}
		_, err = std.out.Write(append(b, '\n'))
		return err
	}
	for _, x := range []struct {
		heading string
		report  *proof.Report
	}{{"After DELETE /session of the first phone", r.Deleted}, {"After the end of both", r.Over}} {
		if x.report == nil {
			continue
		}
		if _, err := fmt.Fprintf(std.out, "\n%s:\n", x.heading); err != nil {
			return err
		}
		if _, err := x.report.WriteTo(std.out); err != nil {
			return err
		}
	}
	return nil
}

// told is a report with its digest.
func told(r *proof.Report) any {
	if r == nil {
		return nil
	}
	return struct {
		*proof.Report
		Digest string `json:"sha256"`
	}{r, r.Digest()}
}
