//go:build integration

package postgres_test

import (
	"slices"
	"testing"
	"time"

	"aforro/pkg/inventory"
	"aforro/pkg/search"
)

// shown is how many pieces of product 1 each page and document shows that
// store 1 has.
func (c *counter) shown() []int64 {
	c.tb.Helper()
	list, err := c.Inventory(c.tb.Context(), 1, inventory.Position{}, 10)
	if err != nil {
		c.tb.Fatal(err)
	}
	stores, err := c.Availability(c.tb.Context(), 1)
	if err != nil {
		c.tb.Fatal(err)
	}
	read, err := c.Project(c.tb.Context(), []int64{1})
	if err != nil {
		c.tb.Fatal(err)
	}
	built, err := c.ProjectAfter(c.tb.Context(), 0, 1)
	if err != nil {
		c.tb.Fatal(err)
	}
	of := func(d search.Document) int64 {
		if len(d.Stock) != 2 || d.Stock[0].StoreID != 1 || d.Stock[1].Quantity != 4 {
			c.tb.Errorf("the document has %+v", d.Stock)
		}
		return d.Stock[0].Quantity
	}
	return []int64{int64(list[0].Quantity), int64(stores[0].Quantity), of(read[0]), of(built.Documents[0])}
}

// What is shown is what can be sold, everywhere; what becomes of a document is
// also what the indexer compares the index with.
func TestWhatIsShownIsAvailable(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.stock(1, 1, 10)
	c.stock(2, 1, 4)
	all := func(n int64) []int64 { return []int64{n, n, n, n} }
	mustShow := func(what string, n int64) {
		t.Helper()
		if got := c.shown(); !slices.Equal(got, all(n)) {
			t.Errorf("%s: list, product, document read and built show %v, want %d", what, got, n)
		}
	}
	mustShow("at first", 10)
	held := c.mustReserve(1, time.Minute, want(1, 4))
	mustShow("with 4 held", 6)
	c.mustAdjust(1, set(1, 3))
	mustShow("with 3 on hand", 0)
	if err := c.Release(t.Context(), held.ID); err != nil {
		t.Fatal(err)
	}
	mustShow("with none held", 3)
	c.overdue(c.mustReserve(1, time.Minute, want(1, 3)).ID)
	mustShow("until it is given back", 0)
	c.mustExpire(10)
	mustShow("when it is", 3)
}
