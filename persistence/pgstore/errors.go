package pgstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"i80.dk/sighej"
)

// defects are the classes of SQLSTATE that trying again cannot heal: a value,
// a constraint, a statement or a privilege is wrong. Source: PostgreSQL
// manual, appendix A.
var defects = []string{"22", "23", "42"}

// coded gives err, which may be nil, its code: unavailable, unless PostgreSQL
// answered that the call itself is wrong.
func coded(what string, err error) error {
	if err == nil {
		return nil
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		for _, class := range defects {
			if strings.HasPrefix(answer.Code, class) {
				return fmt.Errorf("pgstore: %s: %w", what, err)
			}
		}
	}
	return sighej.Errorf(sighej.CodeUnavailable, "pgstore: %s: %w", what, err)
}
