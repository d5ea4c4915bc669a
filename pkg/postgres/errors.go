package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"aforro/pkg/fault"
	"aforro/pkg/order"
)

// retryAfter is what callers are told to wait while PostgreSQL is away.
const retryAfter = 2 * time.Second

// translate turns a driver's error into a fault: doing says what failed, for
// logs. A fault passes unchanged, nil is nil.
func translate(err error, doing string) error {
	var known *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, pgx.ErrNoRows):
		return fault.Wrap(err, fault.NotFound, "not found")
	case unavailable(err):
		f := fault.Wrap(fmt.Errorf("%s: %w", doing, err), fault.Unavailable, "the database is not available, try again shortly")
		f.RetryAfter = retryAfter
		return f
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// unavailable reports whether the same statement may succeed later: the server
// is away, starting, stopping, full, or too slow.
func unavailable(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		switch pgErr.Code[:2] {
		case "08", "53": // connection exception, insufficient resources
			return true
		}
		switch pgErr.Code {
		case "57P01", "57P02", "57P03", "57014", "55P03", "40001", "40P01", "25006", "25P03":
			return true // shutdown, crash, starting, statement timeout, lock timeout, serialisation, deadlock, read-only, idle in a transaction
		}
		return false
	}
	var connErr *pgconn.ConnectError
	var netErr net.Error
	return errors.As(err, &connErr) || errors.As(err, &netErr) || errors.Is(err, context.DeadlineExceeded) ||
		pgconn.SafeToRetry(err) || connectionLost(err)
}

// connectionLost covers what the network reports when the server goes away in
// the middle of a statement.
func connectionLost(err error) bool {
	for _, lost := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}

// The SQLSTATEs that callers tell apart.
const (
	lockNotAvailable = "55P03"
	queryCanceled    = "57014"
	numericOverflow  = "22003"
)

// sqlState is the SQLSTATE of a server's error; empty for any other.
func sqlState(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

// lockTimedOut reports whether a statement waited for a row as long as it may.
func lockTimedOut(err error) bool { return sqlState(err) == lockNotAvailable }

// tooSlow adds order.ErrTooSlow to the error of a batch that the server ended
// for its time, or that waited too long for somebody: the server is there, and
// fewer orders at once may do.
func tooSlow(cause, err error) error {
	switch sqlState(cause) {
	case queryCanceled, lockNotAvailable:
		return errors.Join(err, order.ErrTooSlow)
	}
	return err
}

// violates reports whether err is the violation of the named constraint.
func violates(err error, constraint string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.ConstraintName == constraint
}
