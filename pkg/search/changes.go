package search

import "time"

// changes remembers which message said last that a product has changed, for a
// bounded number of products and messages: what it has forgotten, it says, has
// changed. There are two generations: the older one goes as a whole.
type changes struct {
	keep time.Duration
	most int
	// complete: every change of a later message is remembered.
	complete     int64
	newer, older map[int64]int64
	// began is the message before the first of newer, which came at since; last is
	// the message that was noted last.
	began, last int64
	since       time.Time
}

func newChanges(keep time.Duration, most int) changes {
	return changes{keep: keep, most: most, newer: map[int64]int64{}}
}

// forget says that nothing is known of what was before, or in, this message.
func (c *changes) forget(sequence int64) {
	c.newer, c.older, c.since = map[int64]int64{}, nil, time.Time{}
	c.complete, c.began, c.last = sequence, sequence, sequence
}

// note remembers the changes of the next message.
func (c *changes) note(now time.Time, sequence int64, ids []int64) {
	if c.since.IsZero() {
		c.since = now
	}
	if now.Sub(c.since) >= c.keep || len(c.newer)+len(ids) > c.most {
		c.complete, c.began, c.since = c.began, c.last, now
		c.older, c.newer = c.newer, make(map[int64]int64, len(ids))
	}
	for _, id := range ids {
		c.newer[id] = sequence
	}
	c.last = sequence
}

// unchanged reports whether none of the products has changed after the message, and
// it would be remembered.
func (c *changes) unchanged(sequence int64, ids []int64) bool {
	if sequence < c.complete {
		return false
	}
	for _, id := range ids {
		if c.newer[id] > sequence || c.older[id] > sequence {
			return false
		}
	}
	return true
}
