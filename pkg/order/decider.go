package order

import "context"

// Decisions decides orders in the database, and keeps what follows from it.
type Decisions interface {
	// DecidePending decides those of the orders that are PENDING, in one
	// transaction, and returns what was decided. held are those that it left,
	// since somebody holds their stock.
	DecidePending(ctx context.Context, ids []int64) (decided []Decision, held []int64, err error)
}

// Decider decides orders that arrive together in one transaction. It is the one
// way to a decision: workers, the sweeper and an API without a queue all take it.
type Decider struct {
	batch Batcher[int64, *Decision]
}

// NewDecider returns a decider. It has one decision under way at a time: with two
// the batches are half as large, and on a hot product the second only waits for
// the first one's stock. After, when not nil, hears of each batch that was
// decided, before those who asked for it.
func NewDecider(d Decisions, after func(ctx context.Context, decided []Decision)) *Decider {
	return &Decider{Batcher[int64, *Decision]{Run: func(ctx context.Context, ids []int64) ([]Result[*Decision], error) {
		decided, held, err := d.DecidePending(ctx, ids)
		if err != nil {
			return nil, err
		}
		if after != nil && len(decided) > 0 {
			after(ctx, decided)
		}
		return spread(ids, decided, held), nil
	}}}
}

// spread gives each id its result. An id that comes twice gets the same twice.
func spread(ids []int64, decided []Decision, held []int64) []Result[*Decision] {
	byID := make(map[int64]Result[*Decision], len(ids))
	for i := range decided {
		byID[decided[i].ID] = Result[*Decision]{Out: &decided[i]}
	}
	for _, id := range held {
		byID[id] = Result[*Decision]{Err: errHeld(id)}
	}
	results := make([]Result[*Decision], len(ids))
	for i, id := range ids {
		results[i] = byID[id]
	}
	return results
}

// Decide decides those of the orders that are PENDING and that nobody else is
// deciding, and returns what was decided, and the orders that failed: the others
// are decided all the same. Deciding again changes nothing.
func (d *Decider) Decide(ctx context.Context, ids []int64) (decided []Decision, failed []*OrderError) {
	seen := make(map[int64]bool, len(ids))
	for i, r := range d.batch.DoAll(ctx, ids) {
		switch {
		case r.Err != nil:
			failed = append(failed, &OrderError{ID: ids[i], Err: r.Err})
		case r.Out != nil && !seen[r.Out.ID]:
			seen[r.Out.ID] = true
			decided = append(decided, *r.Out)
		}
	}
	return decided, failed
}
