//go:build integration

package postgres_test

import (
	"testing"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/testkit"
)

func TestOneReindexAtATime(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, other, conn := testkit.Open(t, url), testkit.Open(t, url), testkit.Conn(t, url)
	lock, err := d.LockReindex(t.Context())
	if err != nil || lock.Held(t.Context()) != nil {
		t.Fatal(err)
	}
	if _, err := other.LockReindex(t.Context()); !fault.Is(err, fault.Conflict) {
		t.Errorf("the second got it: %v", err)
	}
	lock.Release()
	testkit.Eventually(t, 10*time.Second, "the lock is free again", func() bool { lock, err = other.LockReindex(t.Context()); return err == nil })
	// Who lost the connection knows it.
	mustExec(t, conn, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	testkit.Eventually(t, 10*time.Second, "the loss is noticed", func() bool { return fault.Is(lock.Held(t.Context()), fault.Unavailable) })
	lock.Release()
	if again, err := d.LockReindex(t.Context()); err != nil {
		t.Error(err)
	} else {
		again.Release()
	}
}
