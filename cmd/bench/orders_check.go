package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aforro/pkg/lifecycle"
)

// backlog is what a load left undecided.
type backlog struct {
	// clear is how long after the load no PENDING order was older than a second.
	clear time.Duration
	// oldest is the age of the oldest PENDING order a second after the load; left
	// is how many there were.
	oldest time.Duration
	left   int
}

func (b backlog) String() string {
	return fmt.Sprintf("%s after the load no PENDING order was older than 1 s; 1 s after it %d were PENDING, the oldest for %s", ms(b.clear), b.left, ms(b.oldest))
}

// backlogPatience bounds how long the workers may take to catch up.
const backlogPatience = time.Minute

// backlog watches the PENDING orders from the end of a load until there are
// none.
func (m *market) backlog(ctx context.Context, stopped time.Time) (backlog, error) {
	b := backlog{clear: -1}
	looked := false
	for {
		count, oldest, err := m.pending()
		if err != nil {
			return b, err
		}
		since := time.Since(stopped)
		if b.clear < 0 && oldest <= time.Second {
			b.clear = since
		}
		if !looked && since >= time.Second {
			b.oldest, b.left, looked = oldest, count, true
		}
		if looked && count == 0 {
			return b, nil
		}
		if since > backlogPatience {
			return b, fmt.Errorf("%d orders are still PENDING %s after the load, the oldest for %s", count, backlogPatience, oldest)
		}
		if err := lifecycle.Sleep(ctx, 10*time.Millisecond); err != nil {
			return b, err
		}
	}
}

func (m *market) pending() (count int, oldest time.Duration, err error) {
	rows, err := m.session.ask("SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) FROM orders WHERE status = 'PENDING';\n")
	if err != nil {
		return 0, 0, err
	}
	var seconds float64
	if _, err := fmt.Sscanf(rows[0], "%d|%g", &count, &seconds); err != nil {
		return 0, 0, fmt.Errorf("read the PENDING orders: %w", err)
	}
	return count, time.Duration(seconds * float64(time.Second)), nil
}

func backlogBar(oldest time.Duration) {
	bar("oldest PENDING order 1 s after a load", ms(oldest)+" in the worst round", "<= 1 s", oldest <= time.Second)
}

// auditSQL counts the orders by status, and the stock lines: all, those that
// their movements do not sum to, and those that lack another number of pieces
// than the CONFIRMED orders hold.
const auditSQL = `
WITH moved AS (SELECT store_id, product_id, sum(delta) AS pieces FROM stock_movements GROUP BY 1, 2),
sold AS (SELECT o.store_id, i.product_id, sum(i.quantity_requested) AS pieces
         FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.status = 'CONFIRMED' GROUP BY 1, 2)
SELECT (SELECT count(*) FROM orders WHERE status = 'CONFIRMED'), (SELECT count(*) FROM orders WHERE status <> 'CONFIRMED'), count(*),
       count(*) FILTER (WHERE v.quantity IS DISTINCT FROM m.pieces), count(*) FILTER (WHERE v.quantity <> %d - coalesce(s.pieces, 0))
FROM inventory v LEFT JOIN moved m USING (store_id, product_id) LEFT JOIN sold s USING (store_id, product_id)`

// audit compares what the clients were told with what the database holds, once
// nothing is PENDING. An order answered 202 was saved, so it must be decided
// too; one that failed may have been saved or not.
func (m *market) audit(ctx context.Context) error {
	row, err := m.psql(ctx, m.url, fmt.Sprintf(auditSQL, marketPieces))
	if err != nil {
		return err
	}
	var n [5]int64
	for i, text := range strings.Split(row, "|") {
		if n[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return fmt.Errorf("read the audit: %w", err)
		}
	}
	told := m.answered
	fmt.Printf("audit: %d CONFIRMED for %d acknowledged, %d answered 202 and %d in doubt; %d others for %d REJECTED; "+
		"%d stock lines, %d differ from their movements, %d from what was sold\n",
		n[0], told.confirmed, told.accepted, told.failed, n[1], told.rejected, n[2], n[3], n[4])
	decided := told.confirmed + told.accepted + told.rejected
	switch {
	case n[0] < told.confirmed || n[1] < told.rejected || n[0]+n[1] < decided || n[0]+n[1] > decided+told.failed:
		return fmt.Errorf("the orders in the database are not those that were acknowledged")
	case n[2] != marketStores*marketProducts || n[3]+n[4] != 0:
		return fmt.Errorf("the stock is not what was there less what was sold")
	}
	return nil
}
