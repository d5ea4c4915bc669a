package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/fault"
	"aforro/pkg/postgres/db"
	"aforro/pkg/search"
)

// reindexLock is the advisory lock of whoever replaces the live index or removes
// versions of it.
const reindexLock = 0x61666f727269 // "aforri"

// leaving bounds the end of a lock's connection.
const leaving = 2 * time.Second

// exclusive is a lock that is held until Release, by a connection of its own:
// the database gives it back when its holder dies.
type exclusive struct{ conn *pgx.Conn }

// LockReindex takes the lock of reindexes and roll-backs. Conflict: another
// process has it.
func (d *DB) LockReindex(ctx context.Context) (search.Lock, error) {
	pooled, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, translate(err, "take the lock of reindexes")
	}
	l := &exclusive{conn: pooled.Hijack()}
	q := db.New(l.conn)
	taken := false
	if err = q.SetLockSession(ctx); err == nil {
		taken, err = q.TryLock(ctx, reindexLock)
	}
	if err == nil && !taken {
		err = fault.New(fault.Conflict, "another 'aforro reindex' is running on this database; wait for its end")
	}
	if err != nil {
		l.Release()
		return nil, translate(err, "take the lock of reindexes")
	}
	return l, nil
}

// Held reports nil while the lock is held for certain.
func (l *exclusive) Held(ctx context.Context) error {
	if err := l.conn.Ping(ctx); err != nil {
		return fault.Wrap(fmt.Errorf("hold the lock of reindexes: %w", err), fault.Unavailable, "the connection to the database that kept others from a reindex is lost")
	}
	return nil
}

// Release gives the lock back at once, if it can: the database does so itself
// when it notices that the connection is gone.
func (l *exclusive) Release() {
	ctx, cancel := context.WithTimeout(context.Background(), leaving)
	defer cancel()
	if errors.Join(db.New(l.conn).Unlock(ctx, reindexLock), l.conn.Close(ctx)) != nil {
		return
	}
}
