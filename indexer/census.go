package indexer

import (
	"time"

	"aforro/pkg/search"
)

// countEvery is how often products are counted without another reason: it takes long
// where there are many.
const countEvery = time.Minute

// census remembers how many products there are.
type census struct {
	// docs is how many products there were when they were counted last, or documents
	// since then, if that was more.
	docs    int64
	counted time.Time
	// doubt is a position of the log at which there were so many products, and too few
	// documents; 0: there is no doubt. passed: the stream has passed it.
	doubt    search.Version
	products int64
	passed   bool
}

// plausible reports whether so many documents are no reason to count the products.
func (c *census) plausible(docs int64, now time.Time) bool {
	if docs <= 0 || docs < (c.docs+1)/2 || now.Sub(c.counted) >= countEvery {
		return false
	}
	c.docs, c.doubt = max(c.docs, docs), 0
	return true
}

// take notes that the products were counted.
func (c *census) take(products int64, now time.Time) { c.docs, c.counted = products, now }
