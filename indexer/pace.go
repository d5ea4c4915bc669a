package indexer

import (
	"context"
	"time"

	"aforro/pkg/lifecycle"
)

const (
	// late: when what is searched for is this old, work that can wait does.
	late = 400 * time.Millisecond
	// patience and shortPatience are how long a chunk of documents and a query wait
	// at the most: a reindex comes to its end on a machine that is never quick enough.
	patience      = 3 * time.Second
	shortPatience = 150 * time.Millisecond
	// lateAgain is how often that is looked at.
	lateAgain = 20 * time.Millisecond
)

// pace lets changes go before work that can wait.
type pace struct {
	// lag is how old what searches see is; nil: not known, and nothing waits.
	lag func() time.Duration
}

// await returns when changes are searchable in time, or after most.
func (p pace) await(ctx context.Context, most time.Duration) error {
	for until := time.Now().Add(most); p.lag != nil && p.lag() > late && time.Now().Before(until); {
		if err := lifecycle.Sleep(ctx, lateAgain); err != nil {
			return err
		}
	}
	return ctx.Err()
}
