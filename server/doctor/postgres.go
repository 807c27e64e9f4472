package doctor

import (
	"context"
	"strings"

	"i80.dk/sighej/persistence/pgstore"
	"i80.dk/sighej/server"
)

const oldestPostgres = 13

func (r *Report) postgres(ctx context.Context, o server.Options) {
	if o.DatabaseURL == "" {
		r.ok("postgresql", "none: statistics live in SQLite under DATA_DIR")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := pgstore.Inspect(ctx, o.DatabaseURL)
	if err != nil {
		r.fault("postgresql", postgresAway(err), "%s", why(err))
		return
	}
	r.postgresKind(c)
	r.postgresTables(c)
}

// postgresAway tells what to do about a PostgreSQL that could not be asked, by
// its SQLSTATE if it answered at all.
func postgresAway(err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "28P01"), strings.Contains(text, "28000"):
		return "Put the right user and password into DATABASE_URL, and see that pg_hba.conf lets this machine in."
	case strings.Contains(text, "3D000"):
		return "Make the database, as in createdb sighej, or name another one in DATABASE_URL."
	}
	return "Members serve without it, but statistics wait in Redis for a week at most. Start it, and see that DATABASE_URL names " +
		"its host and port and that a firewall lets this machine in."
}

func (r *Report) postgresKind(c pgstore.Condition) {
	switch {
	case c.ReadOnly:
		r.fault("postgresql", "It is a standby, or set to read-only: name the primary in DATABASE_URL.", "version %s, which takes no writes", c.Version)
	case major(c.Version) < oldestPostgres:
		r.warn("postgresql", "It gets no corrections any more. Take version 13 or newer.", "version %s", c.Version)
	default:
		r.ok("postgresql", "version %s", c.Version)
	}
}

func (r *Report) postgresTables(c pgstore.Condition) {
	switch {
	case len(c.Missing) > 0:
		r.fault("postgresql rights", "GRANT what is missing to the user of DATABASE_URL, or let that user own the tables.",
			"no right %s", strings.Join(c.Missing, ", "))
	default:
		r.ok("postgresql rights", "enough")
	}
	switch {
	case c.Schema > c.Newest:
		r.warn("postgresql tables", "A newer SigHej has changed them. Run that version, or at least read its notes on going back.",
			"version %d, and this program knows %d", c.Schema, c.Newest)
	case c.Schema == 0:
		r.ok("postgresql tables", "none yet: the first member makes them")
	case c.Pending():
		r.ok("postgresql tables", "version %d: the next start brings them to %d", c.Schema, c.Newest)
	default:
		r.ok("postgresql tables", "version %d, the newest", c.Schema)
	}
}
