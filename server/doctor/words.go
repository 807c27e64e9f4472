package doctor

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// major is the number that a version begins with, 0 for none.
func major(version string) (n int) {
	end := strings.IndexFunc(version+".", func(r rune) bool { return r < '0' || r > '9' })
	n, _ = strconv.Atoi(version[:end])
	return n
}

// told stands for what a server does not tell.
func told(value string) string { return cmp.Or(value, "(it does not tell)") }

// rounded is a time with three digits.
func rounded(d time.Duration) string {
	unit := time.Duration(1)
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}

// why is an error in a line, without the names of the packages that it came
// through.
func why(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer within " + patience.String()
	}
	text := err.Error()
	if failed, ok := errors.AsType[*net.OpError](err); ok { // of one address, where the whole tells of all
		text = failed.Error()
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		text = answer.Message
	}
	for _, prefix := range []string{"redisstore: ", "pgstore: ", "cluster: ", "inspect: ", "connect: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return strings.Join(strings.Fields(text), " ")
}

// firstWords is the beginning of what Redis says: the rest may quote a command.
func firstWords(text string) string {
	head, _, _ := strings.Cut(text, "script:")
	words := strings.Fields(head)
	return strings.TrimRight(strings.Join(words[:min(len(words), 12)], " "), ".,;:")
}
