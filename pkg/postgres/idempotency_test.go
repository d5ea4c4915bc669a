//go:build integration

package postgres_test

import (
	"context"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/fault"
	"aforro/pkg/idempotency"
	"aforro/pkg/inventory"
	"aforro/pkg/order"
	"aforro/pkg/testkit"
)

func TestAKeyIsUsedOnce(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	key := func(body string) idempotency.Request { return idempotency.New("adjustments/1", "k-1", []byte(body)) }
	first, replayed, err := c.Adjust(t.Context(), 1, recount(add(1, 2)), key("a"))
	if err != nil || replayed {
		t.Fatalf("got %t %v", replayed, err)
	}
	c.mustAdjust(1, add(1, 5))
	again, replayed, err := c.Adjust(t.Context(), 1, recount(add(1, 2)), key("a"))
	if err != nil || !replayed || !reflect.DeepEqual(again, first) || c.left(1, 1) != 17 {
		t.Errorf("a repeat: %+v %t %v, %d left", again, replayed, err, c.left(1, 1))
	}
	_, _, err = c.Adjust(t.Context(), 1, recount(add(1, 3)), key("b"))
	if !fault.Is(err, fault.Unprocessable) || c.left(1, 1) != 17 {
		t.Errorf("another body: %v, %d left", err, c.left(1, 1))
	}
	if _, replayed, err = c.Adjust(t.Context(), 1, recount(add(1, 1)), idempotency.New("adjustments/2", "k-1", []byte("a"))); err != nil || replayed || c.left(1, 1) != 18 {
		t.Errorf("the same key of another route: %t %v", replayed, err)
	}
	held, _, err := c.Reserve(t.Context(), 1, []order.Item{want(1, 4)}, time.Minute, idempotency.New("reservations", "k-1", []byte("a")))
	if err != nil {
		t.Fatal(err)
	}
	same, replayed, err := c.Reserve(t.Context(), 1, []order.Item{want(1, 4)}, time.Minute, idempotency.New("reservations", "k-1", []byte("a")))
	if err != nil || !replayed || same.ID != held.ID || !same.ExpiresAt.Equal(held.ExpiresAt) || !reflect.DeepEqual(same.Items, held.Items) || c.held(1, 1) != 4 {
		t.Errorf("a repeated reservation: %+v %t %v", same, replayed, err)
	}
	c.mustAddUp()
}

func TestOneKeyFromManyPlacesAtOnce(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 100)
	var ids, replays atomic.Int64
	var g errgroup.Group
	for range 50 {
		g.Go(func() error {
			made, replayed, err := c.Reserve(t.Context(), 1, []order.Item{want(1, 1)}, time.Minute, idempotency.New("reservations", "k", []byte("b")))
			ids.Add(made.ID)
			if replayed {
				replays.Add(1)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if id := c.number(`SELECT min(id) FROM reservations`); c.held(1, 1) != 1 || replays.Load() != 49 || ids.Load() != 50*id {
		t.Errorf("%d held, %d replays, the ids sum to %d", c.held(1, 1), replays.Load(), ids.Load())
	}
}

// A refusal keeps nothing: the request may be corrected, or come again when
// there is stock, under the same key.
func TestARefusalFreesTheKey(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 1)
	ask := func() (inventory.Reservation, bool, error) {
		return c.Reserve(t.Context(), 1, []order.Item{want(1, 2)}, time.Minute, idempotency.New("reservations", "k", []byte("b")))
	}
	if made, replayed, err := ask(); !fault.Is(err, fault.Conflict) || replayed || made.ID != 0 {
		t.Errorf("got %+v %t %v", made, replayed, err)
	}
	c.mustAdjust(1, set(1, 2))
	if made, replayed, err := ask(); err != nil || replayed || made.ID == 0 {
		t.Errorf("got %+v %t %v", made, replayed, err)
	}
}

// A commit that fails leaves neither the change nor the key.
func TestACommitThatFailsKeepsNothing(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 5)
	c.exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'at commit'; END $$`)
	c.exec(`CREATE CONSTRAINT TRIGGER fails AFTER UPDATE ON idempotency_keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`)
	key := idempotency.New("adjustments/1", "k", []byte("b"))
	if lines, replayed, err := c.Adjust(t.Context(), 1, recount(add(1, 1)), key); err == nil || replayed || lines != nil {
		t.Fatalf("the failed commit was not noticed: %v %t", lines, replayed)
	}
	if n := c.number(`SELECT (SELECT count(*) FROM stock_adjustments) + (SELECT count(*) FROM idempotency_keys)`); n != 0 || c.left(1, 1) != 5 {
		t.Errorf("%d rows were kept, %d left", n, c.left(1, 1))
	}
	c.exec(`DROP TRIGGER fails ON idempotency_keys`)
	if _, replayed, err := c.Adjust(t.Context(), 1, recount(add(1, 1)), key); err != nil || replayed || c.left(1, 1) != 6 {
		t.Errorf("then %t %v, %d left", replayed, err, c.left(1, 1))
	}
}

// TestASecondUseWaitsForTheFirst: it neither fails nor runs before it is known
// what became of the first.
func TestASecondUseWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	for _, end := range []string{`COMMIT`, `ROLLBACK`} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t)
			c.stock(1, 1, 10)
			r := idempotency.New("adjustments/1", "k", []byte("b"))
			first := testkit.Conn(t, c.url)
			mustExec(t, first, `BEGIN`)
			mustExec(t, first, `INSERT INTO idempotency_keys (route, key, fingerprint, answer) VALUES ('adjustments/1', 'k', $1, '[{"product_id": 1, "on_hand": 77, "held": 0}]')`, r.Fingerprint[:])
			type result struct {
				lines    []inventory.Stock
				replayed bool
				err      error
			}
			got := make(chan result, 1)
			go func() {
				lines, replayed, err := c.Adjust(context.WithoutCancel(t.Context()), 1, recount(add(1, 1)), r)
				got <- result{lines, replayed, err}
			}()
			testkit.Eventually(t, 10*time.Second, "the second waits", func() bool {
				return c.waiting()
			})
			mustExec(t, first, end)
			want := result{[]inventory.Stock{{ProductID: 1, OnHand: 77}}, true, nil}
			if end == `ROLLBACK` {
				want = result{[]inventory.Stock{{ProductID: 1, OnHand: 11}}, false, nil}
			}
			if r := <-got; !reflect.DeepEqual(r, want) {
				t.Errorf("got %+v, want %+v", r, want)
			}
		})
	}
}

func TestOldKeysAreForgotten(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.exec(`INSERT INTO idempotency_keys (route, key, fingerprint, created_at)
		SELECT 'orders', n::text, '', now() - interval '24 hours' + make_interval(mins => n) FROM generate_series(-25, 10) n`)
	if _, err := c.ForgetKeys(t.Context(), time.Hour, 10); !fault.Is(err, fault.Invalid) {
		t.Errorf("keys are forgotten before their time: %v", err)
	}
	for i, want := range []int{10, 10, 6, 0} { // -25 to 0 minutes
		if n, err := c.ForgetKeys(t.Context(), idempotency.Kept, 10); n != want || err != nil {
			t.Errorf("round %d: %d %v, want %d", i, n, err, want)
		}
		if i == 0 {
			if n := c.number(`SELECT min(key::integer) FROM idempotency_keys`); n != -15 {
				t.Errorf("the oldest were not the first to go: %d is left", n)
			}
		}
	}
	if n := c.number(`SELECT count(*) FROM idempotency_keys`); n != 10 {
		t.Errorf("%d keys are left", n)
	}
}
