package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"aforro/pkg/fault"
	"aforro/pkg/postgres/db"
	"aforro/pkg/search"
)

// slotTimeout bounds the making of a slot: it waits for every open writing
// transaction of the whole server, other databases included.
const slotTimeout = 60 * time.Second

// publication is made by the migrations.
const publication = "aforro"

// Slot is a replication slot of the database: the place in the log from which
// changes are kept for its follower.
type Slot struct {
	d    *DB
	name string
	// Silence is how long a stream may hear nothing from a server that is asked
	// to answer before it counts as gone: a network that just stops resets
	// nothing. It must be longer than the decoding of a large transaction may be
	// silent; default 2 min, twice wal_sender_timeout's.
	Silence time.Duration
}

// Slot names a replication slot, which need not exist yet.
func (d *DB) Slot(name string) *Slot { return &Slot{d: d, name: name, Silence: 2 * time.Minute} }

// State looks at the slot. NotFound: there is none, or the server has
// given up on it, and changes may have been missed. Conflict: another database
// or plugin owns the name.
func (s *Slot) State(ctx context.Context) (search.SlotState, error) {
	v, err := s.d.q.GetSlot(ctx, &s.name)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return search.SlotState{}, fault.New(fault.NotFound, "there is no replication slot %q", s.name)
	case err != nil:
		return search.SlotState{}, translate(err, "look at the replication slot")
	case !v.Ours:
		return search.SlotState{}, fault.New(fault.Conflict, "the replication slot %q belongs to another database of this server; set AFORRO_SLOT to another name", s.name)
	case v.WalStatus == "lost":
		return search.SlotState{}, fault.New(fault.NotFound, "the replication slot %q was invalidated by the server", s.name)
	}
	return search.SlotState{Active: v.Active, Confirmed: search.Version(v.Confirmed), Retained: v.Retained, Lag: v.Lag}, nil
}

// Create makes the slot, in place of one that the server has given up on.
// It is made by SQL, not over the replication protocol: a statement that times
// out takes its half-made slot away, while a closed connection would leave it.
func (s *Slot) Create(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, s.d.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
			WHERE slot_name = $1 AND database = current_database() AND wal_status = 'lost'`, s.name)
		if err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, fmt.Sprintf("SET LOCAL statement_timeout = %d", slotTimeout.Milliseconds())); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "SELECT pg_create_logical_replication_slot($1, 'pgoutput')", s.name)
		return err
	})
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "57014" {
		return fault.Wrap(err, fault.Unavailable, "the replication slot could not be made within %s: PostgreSQL waits for every open writing transaction of the server%s",
			slotTimeout, s.d.oldestWriter(ctx))
	}
	return translate(err, "make the replication slot")
}

// oldestWriter describes who is waited for, when it can be found out.
func (d *DB) oldestWriter(ctx context.Context) string {
	w, err := d.q.OldestWriter(ctx)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("; the oldest is process %d (%s, database %s), open for %.0f s", w.Pid, w.Application, w.Database, w.Seconds)
}

// Drop removes the slot; one that does not exist is no error.
func (s *Slot) Drop(ctx context.Context) error {
	_, err := s.d.pool.Exec(ctx, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
		WHERE slot_name = $1 AND database = current_database()`, s.name)
	return translate(err, "drop the replication slot")
}

// AnnounceTargets puts a message into the stream that says the set of written
// indices has changed. Once the slot's confirmed position is at or beyond the
// one returned, every later change goes to the new set.
func (d *DB) AnnounceTargets(ctx context.Context) (search.Version, error) {
	err := d.inTx(ctx, func(tx pgx.Tx, q *db.Queries) error {
		// The position asked for below must lie behind this commit.
		if _, err := tx.Exec(ctx, "SET LOCAL synchronous_commit = on"); err != nil {
			return err
		}
		return q.AnnounceTargets(ctx)
	})
	if err != nil {
		return 0, translate(err, "announce the indices")
	}
	return d.Position(ctx)
}

// SendHeartbeat puts a message into the stream that says nothing.
func (d *DB) SendHeartbeat(ctx context.Context) error {
	return translate(d.q.SendHeartbeat(ctx), "send a heartbeat through the change stream")
}
