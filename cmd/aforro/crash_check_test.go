//go:build integration

package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// check looks at everything that the orders left: each was decided once. The
// audit looks too, by its own rules.
func (s *crashShop) check() {
	s.tb.Helper()
	for _, c := range s.clients {
		s.checkClient(c)
	}
	s.checkCounts()
	for what, sql := range mustBeNone {
		if n := s.number(sql); n != 0 {
			s.tb.Errorf("%d %s", n, what)
		}
	}
	if report := s.mustAforro("audit"); !strings.HasPrefix(lastLine(report), "clean: ") {
		s.tb.Errorf("the audit says:\n%s", report)
	}
}

// checkClient: one key is one order, before the crash and after it, and what was
// answered before stays true.
func (s *crashShop) checkClient(c *crashClient) {
	s.tb.Helper()
	id := s.number(`SELECT coalesce(max(order_id), 0) FROM idempotency_keys WHERE key = $1`, c.key)
	if c.id != 0 && id != c.id {
		s.tb.Errorf("%s was order %d and is order %d", c.key, c.id, id)
	}
	if c.first.status >= http.StatusInternalServerError {
		s.tb.Errorf("%s was answered with %d %s", c.key, c.first.status, c.first.body)
	}
	for _, a := range []answer{c.first, c.last} {
		if a.status != http.StatusCreated && a.status != http.StatusAccepted {
			continue
		}
		var p placed
		decode(s.tb, a, &p)
		if p.ID != id {
			s.tb.Errorf("%s was answered with order %d and is order %d", c.key, p.ID, id)
		}
		if n := s.number(`SELECT count(*) FROM order_events WHERE order_id = $1 AND sequence = 2 AND status = $2`, id, p.Status); a.status == http.StatusCreated && n != 1 {
			s.tb.Errorf("%s was answered with %s, which it is not", c.key, p.Status)
		}
	}
	if c.id != 0 && c.last.status == http.StatusCreated && !c.gone && c.first.status == 0 && c.last.header.Get("Idempotent-Replayed") != "true" {
		s.tb.Errorf("%s was saved before the crash, and the answer is not marked as a replay", c.key)
	}
}

// checkCounts: as many were sold as there were, and no more, whatever the order
// of things.
func (s *crashShop) checkCounts() {
	s.tb.Helper()
	gone := s.number(`SELECT count(*) FROM idempotency_keys WHERE key = $1`, s.clients[theGone].key)
	orders := int64(len(s.clients)) - 1 + gone
	for what, c := range map[string]struct{ got, want int64 }{
		"orders":           {s.number(`SELECT count(*) FROM orders`), orders},
		"keys":             {s.number(`SELECT count(*) FROM idempotency_keys`), orders},
		"once CONFIRMED":   {s.number(`SELECT count(*) FROM order_events WHERE sequence = 2 AND status = 'CONFIRMED'`), 2 + hotStock + gone},
		"REJECTED":         {s.number(`SELECT count(*) FROM orders WHERE status = 'REJECTED'`), 6 - hotStock + 1},
		"held":             {s.number(`SELECT sum(held) FROM inventory`), 0},
		"used reservation": {s.number(`SELECT count(*) FROM reservations WHERE status = 'CONSUMED'`), 1},
		"hot pieces left": {s.number(`SELECT quantity FROM inventory WHERE store_id = 1 AND product_id = $1`, hotProduct),
			s.number(`SELECT count(*) FROM orders WHERE status = 'CANCELLED'`)},
		"plenty left": {s.number(`SELECT quantity FROM inventory WHERE store_id = 1 AND product_id = $1`, plentyProduct),
			plentyStock - 1 - 2*hotStock - 3*gone + 2*s.number(`SELECT count(*) FROM orders WHERE status = 'CANCELLED'`)},
		"others left": {s.number(`SELECT quantity FROM inventory WHERE store_id = 1 AND product_id = $1`, heldProduct), heldStock - held},
	} {
		if c.got != c.want {
			s.tb.Errorf("%s: %d, want %d", what, c.got, c.want)
		}
	}
}

// checkTold: the receiver was told of each state at least once, always with the
// same id and the same words, and of an order's states in their order.
func (s *crashShop) checkTold() {
	s.tb.Helper()
	var ids []string
	words := map[string]string{}
	for _, h := range s.hooks() {
		mustBeSigned(s.tb, h, s.secret)
		id := h.header.Get("webhook-id")
		if ids = append(ids, id); words[id] != "" && words[id] != h.body {
			s.tb.Errorf("%s says %s, and then %s", id, words[id], h.body)
		}
		words[id] = h.body
	}
	rows, err := s.conn.Query(s.tb.Context(), `SELECT order_id, sequence, status FROM order_events`)
	if err != nil {
		s.tb.Fatal(err)
	}
	states := 0
	for ; rows.Next(); states++ {
		var order, sequence int64
		var status string
		if err := rows.Scan(&order, &sequence, &status); err != nil {
			s.tb.Fatal(err)
		}
		id, before := fmt.Sprintf("msg_%d_%d", order, sequence), fmt.Sprintf("msg_%d_2", order)
		if !strings.Contains(words[id], fmt.Sprintf(`"id":%d,`, order)) || !strings.Contains(words[id], `"status":"`+status+`"`) {
			s.tb.Errorf("of order %d, %s, the receiver was told %q", order, status, words[id])
		}
		if sequence > 2 && slices.Index(ids, id) < slices.Index(ids, before) {
			s.tb.Errorf("%s came before %s", id, before)
		}
	}
	if err := rows.Err(); err != nil || states != len(words) {
		s.tb.Errorf("%d states and %d messages, %v", states, len(words), err)
	}
	s.row.told = fmt.Sprintf("; %d states told, %d of them again", states, len(ids)-len(words))
}

// mustBeNone counts what there must not be. Movements of an order are compared
// with its lines: CONFIRMED has each product's sum once, CANCELLED gives it back
// once, REJECTED has none.
var mustBeNone = map[string]string{
	"orders that are PENDING": `SELECT count(*) FROM orders WHERE status = 'PENDING'`,
	"orders whose history does not end with their status, or is too long or too short": `SELECT count(*) FROM orders o
		LEFT JOIN LATERAL (SELECT array_agg(e.status ORDER BY e.sequence) AS states, array_agg(e.sequence ORDER BY e.sequence) AS steps
			FROM order_events e WHERE e.order_id = o.id) h ON true
		WHERE (h.states, h.steps) IS DISTINCT FROM CASE o.status WHEN 'CANCELLED' THEN (ARRAY['CONFIRMED', 'CANCELLED'], ARRAY[2, 3]) ELSE (ARRAY[o.status], ARRAY[2]) END`,
	"products of orders whose movements are not their lines": `WITH line AS (
			SELECT o.id, o.store_id, i.product_id, o.status, sum(i.quantity_requested) AS pieces
			FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.id, i.product_id
		), wanted AS (
			SELECT id, store_id, product_id, 'order' AS reason, -pieces AS delta FROM line WHERE status IN ('CONFIRMED', 'CANCELLED')
			UNION ALL SELECT id, store_id, product_id, 'cancel', pieces FROM line WHERE status = 'CANCELLED'
		), found AS (
			SELECT reference::bigint AS id, store_id, product_id, reason, delta FROM stock_movements WHERE reason IN ('order', 'cancel')
		)
		SELECT count(*) FROM ((TABLE wanted EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE wanted)) AS off`,
	"stock lines that differ from their ledger": `SELECT count(*) FROM inventory i WHERE quantity <> (SELECT coalesce(sum(delta), 0) FROM stock_movements m
		WHERE m.store_id = i.store_id AND m.product_id = i.product_id)`,
	"stock lines below nothing": `SELECT count(*) FROM inventory WHERE quantity < 0 OR held < 0`,
	"orders whose total is not that of their lines": `SELECT count(*) FROM orders o WHERE total <> (
		SELECT sum(i.quantity_requested * i.unit_price) FROM order_items i WHERE i.order_id = o.id)`,
	"orders without their key": `SELECT count(*) FROM orders o WHERE NOT EXISTS (SELECT FROM idempotency_keys k WHERE k.order_id = o.id)`,
	"states without their confirmation, or with one too many": `SELECT count(*) FROM order_events e FULL JOIN confirmations c USING (order_id, sequence)
		WHERE e.status IS NULL OR c.endpoint_id IS NULL`,
	"confirmations that were given up":                     `SELECT count(*) FROM confirmations WHERE parked_at IS NOT NULL`,
	"REJECTED orders without a reason, or others with one": `SELECT count(*) FROM orders WHERE (status = 'REJECTED') <> (reasons IS NOT NULL)`,
}
