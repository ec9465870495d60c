package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"refunddesk/internal/fault"
)

// Codes of what the database does.
const (
	CodeUnavailable = "database-unavailable" // it is away: try again
	CodeRefused     = "database-refused"     // one of its own rules forbade it: somebody has to look
)

// Coder is what SQLite's driver errors have; store does not import the driver.
type coder interface{ Code() int }

// SQLite's result codes (primary code in the low byte).
const (
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteConstraint = 19
)

// SQLSTATE classes and codes of PostgreSQL.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	classIntegrity       = "23"
	classConnection      = "08"
	classResources       = "53"
	classIntervention    = "57"
	badCharacter         = "22021"
	readOnlyTransaction  = "25006" // a standby, in the moment of a failover
)

// lostRace reports whether the same transaction may succeed when tried again at once.
func lostRace(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == serializationFailure || pg.Code == deadlockDetected
	}
	var c coder
	if errors.As(err, &c) {
		primary := c.Code() & 0xff
		return primary == sqliteBusy || primary == sqliteLocked
	}
	return false
}

// classify gives err a kind: a fault stays what it is; a missing row is not-found; a
// broken rule of the database is CodeRefused; a database that is away is CodeUnavailable.
func classify(err error) error {
	var known *fault.Error
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, sql.ErrNoRows):
		return fault.New(fault.NotFound, "not-found", "There is no such thing.").With(err)
	case away(err) || lostRace(err):
		return fault.New(fault.Unavailable, CodeUnavailable, "The database is away; try again shortly.").With(err)
	case errors.As(err, &pg) && pg.Code == badCharacter:
		return fault.New(fault.Malformed, "invalid-text", "A text holds characters that cannot be kept.").With(err)
	case refusedBy(err) != "":
		return fault.New(fault.Internal, CodeRefused, "The database refused the change: %s.", refusedBy(err)).With(err)
	}
	return fault.New(fault.Internal, "internal", "Something went wrong on our side (%s).", kindOf(err)).With(err)
}

// kindOf names an unexpected error without its text, which can hold somebody's data.
func kindOf(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return "SQLSTATE " + pg.Code
	}
	var c coder
	if errors.As(err, &c) {
		return fmt.Sprintf("SQLite %d", c.Code())
	}
	return fmt.Sprintf("%T", err)
}

func away(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		class := pg.Code[:min(2, len(pg.Code))]
		return class == classConnection || class == classResources || class == classIntervention || pg.Code == readOnlyTransaction
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) ||
		errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "unexpected EOF") || strings.Contains(err.Error(), "conn closed")
}

// refusedBy names the rule of the database that forbade a change; "" for other errors.
// Only the rule's name is given: the row is somebody's data.
func refusedBy(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case !strings.HasPrefix(pg.Code, classIntegrity):
			return ""
		case pg.ConstraintName != "":
			return pg.ConstraintName
		}
		return pg.Message // ours: the name that refuse() was given
	}
	var c coder
	if errors.As(err, &c) && c.Code()&0xff == sqliteConstraint {
		return "constraint"
	}
	return ""
}

// violates reports whether err is the database's refusal by the named constraint or index
// (PostgreSQL names it, SQLite names the columns).
func violates(err error, constraint, sqliteColumns string) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.ConstraintName == constraint
	}
	return err != nil && refusedBy(err) != "" && strings.Contains(err.Error(), sqliteColumns)
}
