//go:build integration

package postgres_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/fault"
	"aforro/pkg/postgres"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

func mustExec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// mustSlot makes a slot that is gone at the end of the test with its database.
func mustSlot(t *testing.T, d *postgres.DB) *postgres.Slot {
	t.Helper()
	s := d.Slot(testkit.Unique(t))
	if err := s.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func mustOpen(t *testing.T, s *postgres.Slot) search.ChangeStream {
	t.Helper()
	var stream search.ChangeStream
	testkit.Eventually(t, 10*time.Second, "the stream opens", func() bool {
		var err error
		stream, err = s.Open(t.Context())
		if err != nil && !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		return err == nil
	})
	t.Cleanup(stream.Close)
	return stream
}

// mustTransaction reads the next transaction that concerns the index.
func mustTransaction(t *testing.T, stream search.ChangeStream) []search.Event {
	t.Helper()
	var list []search.Event
	timeout := time.After(10 * time.Second)
	for {
		select {
		case e, ok := <-stream.Events():
			if !ok {
				t.Fatalf("the stream ended: %v", stream.Err())
			}
			if e.Kind != search.Idle {
				list = append(list, e)
			}
			if e.Kind == search.Commit {
				return list
			}
		case <-timeout:
			t.Fatalf("no transaction came after %v", list)
		}
	}
}

const someStock = `
	INSERT INTO categories (id, name) VALUES (1, 'Mice'), (2, 'Keyboards');
	INSERT INTO stores (id, name, city, latitude, longitude) VALUES (7, 'A', 'Pune', 18.5, 73.9), (8, 'B', 'Goa', 15.3, 74.1);
	INSERT INTO products (id, sku, title, category_id, price) VALUES (1, 'a', 'A mouse', 1, 1), (2, 'b', 'B mouse', 1, 2), (3, 'c', 'C board', 2, 3);
	INSERT INTO inventory VALUES (7, 1, 5), (8, 1, 0), (7, 2, 1)`

func TestStreamNamesWhatChanged(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, conn := testkit.Open(t, url), testkit.Conn(t, url)
	mustExec(t, conn, someStock)
	stream := mustOpen(t, mustSlot(t, d))
	changed := func(id int64, c search.Change) search.Event {
		return search.Event{Kind: search.ProductChanged, ID: id, Change: c}
	}
	const moved, whole = search.Availability | search.Listing, search.Text | search.Price | search.Listing
	for _, c := range []struct {
		sql  string
		want []search.Event
	}{
		{"UPDATE products SET title = 'A better mouse' WHERE id = 1", []search.Event{changed(1, search.Text|search.Listing)}},
		{"UPDATE products SET brand = 'Logi' WHERE id = 1", []search.Event{changed(1, search.Text|search.Listing)}},
		{`UPDATE products SET attributes = '{"type": "mouse"}' WHERE id = 1`, []search.Event{changed(1, search.Text|search.Listing)}},
		{"UPDATE products SET category_id = 2 WHERE id = 1", []search.Event{changed(1, search.Text|search.Listing)}},
		{"UPDATE products SET description = 'x', price = 5 WHERE id = 1", []search.Event{changed(1, search.Text|search.Price)}},
		{"UPDATE products SET price = 6 WHERE id = 1", []search.Event{changed(1, search.Price)}},
		{"UPDATE products SET updated_at = now() WHERE id = 1", nil},
		{"UPDATE products SET active = false WHERE id = 1", []search.Event{changed(1, search.Text|search.Listing)}},
		{"UPDATE products SET id = 9 WHERE id = 3", []search.Event{changed(3, whole), changed(9, whole)}},
		{"UPDATE inventory SET quantity = 4 WHERE store_id = 7 AND product_id = 1", []search.Event{changed(1, search.Quantity)}},
		{"UPDATE inventory SET quantity = 6, held = 2 WHERE store_id = 7 AND product_id = 1", nil},
		{"UPDATE inventory SET held = 6 WHERE store_id = 7 AND product_id = 1", []search.Event{changed(1, search.Availability)}},
		{"UPDATE inventory SET quantity = 1 WHERE store_id = 8 AND product_id = 1", []search.Event{changed(1, search.Availability)}},
		{"UPDATE inventory SET product_id = 9 WHERE product_id = 2", []search.Event{changed(2, moved), changed(9, moved)}},
		{"DELETE FROM stores WHERE id = 8", []search.Event{changed(1, moved)}},
		{"INSERT INTO inventory VALUES (7, 2, 0)", []search.Event{changed(2, moved)}},
		{"DELETE FROM products WHERE id = 2", []search.Event{changed(2, whole), changed(2, moved)}},
		{"UPDATE categories SET name = 'Rodents' WHERE id = 1", []search.Event{{Kind: search.CategoryChanged, ID: 1, Change: search.Anything}}},
		{"SELECT pg_logical_emit_message(true, 'aforro', 'heartbeat')", []search.Event{{Kind: search.Heartbeat}}},
		{"TRUNCATE inventory", []search.Event{{Kind: search.EverythingChanged}}},
		{"SELECT pg_logical_emit_message(true, 'aforro', 'targets')", []search.Event{{Kind: search.TargetsChanged}}},
	} {
		mustExec(t, conn, c.sql)
		got := mustTransaction(t, stream)
		if got[0].Kind != search.Begin || got[0].Transaction == 0 || got[0].At.IsZero() {
			t.Errorf("%s: begins with %+v", c.sql, got[0])
		}
		if end := got[len(got)-1]; end.Position == 0 || end.At.IsZero() {
			t.Errorf("%s: ends with %+v", c.sql, end)
		}
		if between := got[1 : len(got)-1]; !slices.Equal(between, c.want) {
			t.Errorf("%s: %+v, want %+v", c.sql, between, c.want)
		}
	}
}

func TestOpenTransactionIsNotVisible(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, conn := testkit.Open(t, url), testkit.Conn(t, url)
	visible := func(xid int64) bool {
		t.Helper()
		ok, err := d.Visible(t.Context(), []uint32{uint32(xid)})
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	mustExec(t, conn, "BEGIN")
	var xid int64
	if err := conn.QueryRow(t.Context(), "SELECT pg_current_xact_id()::text::bigint").Scan(&xid); err != nil {
		t.Fatal(err)
	}
	if visible(xid) {
		t.Error("an open transaction is said to be visible")
	}
	mustExec(t, conn, "COMMIT")
	if !visible(xid) {
		t.Error("a committed transaction is said to be invisible")
	}
	if ok, err := d.Visible(t.Context(), nil); !ok || err != nil {
		t.Errorf("no transaction at all: %t, %v", ok, err)
	}
}

func TestSlotHasOneFollower(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	slot := d.Slot(testkit.Unique(t))
	if _, err := slot.Open(t.Context()); !fault.Is(err, fault.NotFound) {
		t.Errorf("no slot: %v", err)
	}
	if err := slot.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := mustOpen(t, slot)
	if _, err := slot.Open(t.Context()); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second follower: %v", err)
	}
	first.Close()
	if err := first.Err(); err != nil {
		t.Errorf("closed with %v", err)
	}
	mustOpen(t, slot)
}

// Nothing is consumed, so the buffer is full and the server is not read from;
// it would end a stream that is silent for half a second.
func TestStreamIsAnsweredWhileItsConsumerWaits(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, conn := testkit.Open(t, url), testkit.Conn(t, url)
	slot := mustSlot(t, d)
	mustExec(t, conn, "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET wal_sender_timeout = 1500'; END $$")
	stream := mustOpen(t, slot)
	before, err := slot.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, conn, `INSERT INTO categories (name) VALUES ('c');
		INSERT INTO products (sku, title, category_id, price) SELECT 's', 't' || n, 1, 1 FROM generate_series(1, 20000) n`)
	paused := time.NewTimer(4 * time.Second)
	<-paused.C
	after, err := slot.State(t.Context())
	if err != nil || !after.Active || after.Confirmed != before.Confirmed {
		t.Fatalf("after the pause: %+v, %v; before: %+v", after, err, before)
	}
	events := mustTransaction(t, stream)
	if len(events) < 20000 {
		t.Errorf("%d events", len(events))
	}
	stream.Confirm(events[len(events)-1].Position)
	testkit.Eventually(t, 5*time.Second, "the position moves", func() bool {
		s, err := slot.State(t.Context())
		return err == nil && s.Confirmed >= events[len(events)-1].Position
	})
}

// A network that just stops resets nothing: the server's silence must be seen.
func TestSilentServerEndsTheStream(t *testing.T) {
	t.Parallel()
	direct, err := url.Parse(testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	proxy := testkit.NewProxy(t, direct.Host)
	through := *direct
	through.Host = proxy.Addr
	slot := mustSlot(t, testkit.Open(t, through.String()))
	slot.Silence = 2 * time.Second
	stream := mustOpen(t, slot)
	quiet := time.NewTimer(2 * slot.Silence)
	select {
	case <-quiet.C: // a server with nothing to tell answers when asked
	case <-closed(stream):
		t.Fatalf("a quiet stream ended: %v", stream.Err())
	}
	proxy.Mute()
	select {
	case <-closed(stream):
	case <-time.After(10 * time.Second):
		t.Fatal("a server that does not answer is still followed")
	}
	if !fault.Is(stream.Err(), fault.Unavailable) {
		t.Errorf("ended with %v", stream.Err())
	}
	proxy.Heal()
}

// closed is closed when the stream has ended.
func closed(stream search.ChangeStream) <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range stream.Events() {
		}
	}()
	return ended
}
