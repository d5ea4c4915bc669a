package indexer

import "time"

// countEvery is how often products are counted without another reason: it takes long
// where there are many.
const countEvery = time.Minute

// census remembers how many products there are.
type census struct {
	// docs is how many products there were when they were counted last, or documents
	// since then, if that was more.
	docs    int64
	counted time.Time
}

// plausible reports whether so many documents are no reason to count the products.
func (c *census) plausible(docs int64, now time.Time) bool {
	if docs <= 0 || docs < (c.docs+1)/2 || now.Sub(c.counted) >= countEvery {
		return false
	}
	c.docs = max(c.docs, docs)
	return true
}

// take notes that the products were counted.
func (c *census) take(products int64, now time.Time) { c.docs, c.counted = products, now }
