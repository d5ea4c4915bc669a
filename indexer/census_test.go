package indexer

import (
	"testing"
	"time"
)

func TestProductsAreCountedWhenDocumentsMayBeMissing(t *testing.T) {
	t.Parallel()
	var c census
	now := time.Now()
	look := func(docs int64, want bool, why string) {
		t.Helper()
		if got := c.plausible(docs, now); got != want {
			t.Errorf("%d documents %s: plausible is %t", docs, why, got)
		}
	}
	look(300, false, "before the first count")
	c.take(1000, now)
	look(500, true, "of 1000 products")
	look(499, false, "of 1000 products")
	look(0, false, "of 1000 products")
	c.take(4, now)
	look(2000, true, "since the catalogue has grown from 4")
	look(999, false, "after there were 2000")
	look(1000, true, "after there were 2000")
	now = now.Add(countEvery)
	look(2000, false, "when the count is old")
}
