//go:build integration

package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/audit"
	"aforro/pkg/fault"
	"aforro/pkg/order"
	"aforro/pkg/testkit"
)

// traffic runs orders and reservations over the products of store 1 until stop
// is called.
func (c *counter) traffic() (stop func()) {
	c.tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var g errgroup.Group
	for seed := range uint64(4) {
		draw := rand.New(rand.NewPCG(seed, 1))
		g.Go(func() error { return c.orderUntil(ctx, draw) })
	}
	for seed := range uint64(2) {
		draw := rand.New(rand.NewPCG(seed, 2))
		g.Go(func() error { return c.reserveUntil(ctx, draw) })
	}
	return func() {
		cancel()
		if err := g.Wait(); err != nil {
			c.tb.Error(err)
		}
	}
}

// traded is how many orders are decided.
func (c *counter) traded() int64 {
	c.tb.Helper()
	return c.number(`SELECT count(*) FROM orders WHERE status <> 'PENDING'`)
}

// orderUntil places orders, decides them, several at once, and cancels some, until
// ctx ends.
func (c *counter) orderUntil(ctx context.Context, draw *rand.Rand) error {
	for ctx.Err() == nil {
		var ids []int64
		for range 1 + draw.IntN(3) {
			o, err := c.Save(context.Background(), 1, []order.Item{want(1+draw.Int64N(5), 1+draw.Int64N(2)), want(1+draw.Int64N(5), 1)})
			if err != nil {
				return err
			}
			ids = append(ids, o.ID)
		}
		if _, _, err := c.DecidePending(context.Background(), ids); err != nil {
			return err
		}
		if o, err := c.Cancel(context.Background(), ids[0]); err != nil && !fault.Is(err, fault.Conflict) {
			return fmt.Errorf("cancel order %d: %w", o.ID, err)
		}
	}
	return nil
}

// reserveUntil holds a piece for a cart and gives it back, or has an order use
// it, until ctx ends.
func (c *counter) reserveUntil(ctx context.Context, draw *rand.Rand) error {
	for ctx.Err() == nil {
		items := []order.Item{want(1+draw.Int64N(5), 1)}
		r, _, err := c.Reserve(context.Background(), 1, items, time.Hour, noKey)
		if err != nil {
			return fmt.Errorf("reserve: %w", err)
		}
		if draw.IntN(2) == 0 {
			saved, err := c.SaveOrders(context.Background(), []order.Draft{{StoreID: 1, Items: items, Reservation: r.ID}})
			if err != nil {
				return err
			}
			if _, _, err := c.DecidePending(context.Background(), []int64{saved[0].Order.ID}); err != nil {
				return err
			}
		}
		if err := c.Release(context.Background(), r.ID); err != nil {
			return fmt.Errorf("release: %w", err)
		}
	}
	return nil
}

// busy is a counter with much to sell in store 1.
func busy(t *testing.T) *counter {
	c := newCounter(t)
	for product := range int64(5) {
		c.stock(1, 1+product, 100_000)
	}
	return c
}

// TestAuditGivesNoFalseAlarm: what is committed while an audit runs is seen as
// a whole or not at all.
func TestAuditGivesNoFalseAlarm(t *testing.T) {
	t.Parallel()
	c := busy(t)
	stop := c.traffic()
	for n := 0; n < 80 || c.traded() < 100; n++ {
		c.mustBeClean()
	}
	stop()
	c.mustBeClean()
}

// TestRepairWhileOrdersAreDecided: a repair puts right what is wrong and nothing
// that others change at the same time.
func TestRepairWhileOrdersAreDecided(t *testing.T) {
	t.Parallel()
	c := busy(t)
	stop := c.traffic()
	draw := rand.New(rand.NewPCG(3, 3))
	wrong := map[audit.Check]int{}
	for range 25 {
		product := 1 + draw.Int64N(5)
		c.meddle(fmt.Sprintf(`UPDATE inventory SET held = held + 1, quantity = quantity + %d WHERE store_id = 1 AND product_id = %d`, 1+draw.IntN(9), product),
			`UPDATE orders SET total = total + 1 WHERE id = (SELECT max(id) FROM orders WHERE status <> 'PENDING')`)
		for _, r := range c.mustRepair() {
			wrong[r.Check]++
		}
		c.mustBeClean()
	}
	if wrong[audit.Held] != 25 || wrong[audit.Stock] != 25 || wrong[audit.Totals] < 20 || len(wrong) != 3 {
		t.Errorf("the repairs were %v", wrong)
	}
	testkit.Eventually(t, time.Minute, "orders were decided meanwhile", func() bool { return c.traded() >= 100 })
	stop()
	c.mustBeClean()
}
