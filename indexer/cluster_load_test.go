//go:build integration && cluster

package indexer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

const (
	// untouched is a third of the products, which no write changes: what is found of
	// it is known.
	untouched      = "Screens"
	untouchedCount = clusterProducts / 3
	// tick is how often each searcher searches and the writer writes.
	tick = 100 * time.Millisecond
	// changesATick makes 300 changes a second.
	changesATick = 30
)

// load searches and writes until it is stopped.
type load struct {
	s                              *clusterShop
	searches, changes, walks, gone atomic.Int64
	worst                          atomic.Int64
	// phase says in messages what was going on.
	phase atomic.Value
	// writing is held while something is written.
	writing sync.Mutex
	cancel  context.CancelFunc
	all     sync.WaitGroup
}

func (s *clusterShop) load() *load {
	ctx, cancel := context.WithCancel(s.tb.Context())
	l := &load{s: s, cancel: cancel}
	l.phase.Store("before")
	s.tb.Cleanup(l.stop)
	kinds := []func(context.Context) error{l.list, l.find, l.suggest, l.walk}
	l.warm(kinds)
	for _, search := range kinds {
		l.each(ctx, func() { l.timed(ctx, search) })
	}
	conn, round := testkit.Conn(s.tb, s.url), 0
	l.each(ctx, func() {
		l.writing.Lock()
		defer l.writing.Unlock()
		round++
		for _, sql := range l.writes(round) {
			if _, err := conn.Exec(ctx, sql); err != nil && ctx.Err() == nil {
				s.tb.Errorf("%s: %v", sql, err)
			}
		}
		l.changes.Add(changesATick)
	})
	return l
}

// warm searches until the nodes, which have just been started, are quick.
func (l *load) warm(kinds []func(context.Context) error) {
	const enough = 40
	row := 0
	testkit.Eventually(l.s.tb, healing, "the nodes are warm", func() bool {
		for _, search := range kinds {
			begun := time.Now()
			if row++; search(l.s.tb.Context()) != nil || time.Since(begun) > time.Second {
				row = 0
			}
		}
		return row >= enough*len(kinds)
	})
}

// each runs step at every tick.
func (l *load) each(ctx context.Context, step func()) {
	l.all.Go(func() {
		clock := time.NewTicker(tick)
		defer clock.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-clock.C:
				step()
			}
		}
	})
}

func (l *load) stop() {
	l.cancel()
	l.all.Wait()
}

// quietly runs check while nothing is written.
func (l *load) quietly(check func()) {
	l.writing.Lock()
	defer l.writing.Unlock()
	check()
}

// passes returns after n more searches.
func (l *load) passes(n int64) {
	l.s.tb.Helper()
	from := l.searches.Load()
	testkit.Eventually(l.s.tb, healing, "searches are answered", func() bool { return l.searches.Load() >= from+n })
}

// slowest is the longest that a search took since the last asking.
func (l *load) slowest() time.Duration { return time.Duration(l.worst.Swap(0)) }

// timed fails the test when a search fails.
func (l *load) timed(ctx context.Context, search func(context.Context) error) {
	begun := time.Now()
	err := search(ctx)
	took := time.Since(begun)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		l.s.tb.Errorf("%s: a search failed after %s: %v", l.phase.Load(), took, err)
	}
	l.searches.Add(1)
	if int64(took) > l.worst.Load() {
		l.worst.Store(int64(took))
	}
}

// writes change titles, prices and stock, delete products and bring them back.
func (l *load) writes(round int) []string {
	const others = "id % 3 <> 2"
	from := 1 + rand.IntN(clusterProducts-3*changesATick)
	some := fmt.Sprintf("%s AND id BETWEEN %d AND %d", others, from, from+changesATick/2)
	statements := []string{
		fmt.Sprintf("UPDATE products SET title = 'Product ' || id || ' r%d', price = price + 0.01 WHERE %s", round%7, some),
		fmt.Sprintf("UPDATE inventory SET quantity = %d WHERE product_id %% 3 <> 2 AND product_id BETWEEN %d AND %d", round%5, from+changesATick, from+2*changesATick),
	}
	if round%2 == 0 {
		return append(statements, fmt.Sprintf("DELETE FROM products WHERE id = %d", clusterProducts+1+round%20/2))
	}
	return append(statements, fmt.Sprintf(`INSERT INTO products (id, sku, title, description, category_id, price)
		SELECT %[1]d, 's%[1]d', 'Product %[1]d', 'word', 1, 1 ON CONFLICT DO NOTHING`, clusterProducts+1+(round+1)%20/2))
}

// list reads a page of what nobody changes: all of it is known.
func (l *load) list(ctx context.Context) error {
	const size = 20
	n := 1 + rand.IntN(untouchedCount/size)
	page, err := l.s.client.Search(ctx, search.Params{Categories: []string{untouched}, Sort: search.ByPrice, Page: n, PageSize: size})
	if err != nil {
		return err
	}
	if page.Count != untouchedCount || len(page.Hits) != size {
		return fmt.Errorf("%d hits of %d", len(page.Hits), page.Count)
	}
	for i, h := range page.Hits {
		// Products 2, 5, 8 … are dearer in this order.
		if want := int64(2 + 3*((n-1)*size+i)); h.ID != want {
			return fmt.Errorf("page %d holds product %d, want %d", n, h.ID, want)
		}
	}
	return nil
}

func (l *load) find(ctx context.Context) error {
	id := 2 + 3*rand.IntN(untouchedCount)
	page, err := l.s.client.Search(ctx, search.Params{Query: fmt.Sprintf("product %d", id), Categories: []string{untouched}, Sort: search.ByRelevance, Page: 1, PageSize: 10})
	if err == nil && (len(page.Hits) == 0 || page.Hits[0].ID != int64(id)) {
		err = fmt.Errorf("product %d is not found: %d hits", id, len(page.Hits))
	}
	return err
}

func (l *load) suggest(ctx context.Context) error {
	titles, err := l.s.client.Suggest(ctx, "product 2", 0)
	if err == nil && len(titles) != search.MaxSuggest {
		err = fmt.Errorf("suggested %v", titles)
	}
	return err
}

// walk walks over all that nobody changes. Its view is on the nodes where it
// began: with one of them it is gone, and the walk begins again.
func (l *load) walk(ctx context.Context) error {
	p := search.Params{Categories: []string{untouched}, Sort: search.ByPrice, PageSize: search.MaxPageSize, Cursor: search.CursorStart}
	seen := 0
	for l.walks.Add(1); p.Cursor != ""; {
		page, err := l.s.client.Search(ctx, p)
		var f *fault.Error
		if errors.As(err, &f) && f.Code == fault.Gone {
			l.gone.Add(1)
			return nil
		}
		if err != nil {
			return fmt.Errorf("a walk, after %d: %w", seen, err)
		}
		seen, p.Cursor = seen+len(page.Hits), page.NextCursor
	}
	if seen != untouchedCount {
		return fmt.Errorf("a walk saw %d of %d", seen, untouchedCount)
	}
	return nil
}
