package indexer

import "context"

// settleRounds is how often a difference is looked at again before it is
// believed. A product that changes all the time may differ at one look.
const settleRounds = 3

// settle looks at the suspects again, each time after the stream has passed the
// position of that moment, and reports those that differ at every look.
func (v *Verifier) settle(ctx context.Context, index string, suspects []int64, report *Report) error {
	for round := range settleRounds {
		if len(suspects) == 0 {
			return nil
		}
		if err := v.passPresent(ctx, index); err != nil {
			return err
		}
		var still []int64
		for len(suspects) > 0 {
			ids := suspects[:min(v.size, len(suspects))]
			suspects = suspects[len(ids):]
			wrong, err := v.again(ctx, index, ids, report, round == settleRounds-1)
			if err != nil {
				return err
			}
			still = append(still, wrong...)
		}
		suspects = still
	}
	return nil
}

// passPresent waits until what is committed now is written and can be scanned.
func (v *Verifier) passPresent(ctx context.Context, index string) error {
	at, err := v.log.AnnounceTargets(ctx)
	if err != nil {
		return err
	}
	if err := awaitConfirmed(ctx, v.slot, at); err != nil {
		return err
	}
	return v.reader.Refresh(ctx, index)
}

// again compares some products; last puts what differs into the report.
func (v *Verifier) again(ctx context.Context, index string, ids []int64, report *Report, last bool) ([]int64, error) {
	stored, err := v.reader.Get(ctx, index, ids)
	if err != nil {
		return nil, err
	}
	docs, err := v.source.Project(ctx, ids)
	if err != nil {
		return nil, err
	}
	wrong, err := v.compare(docs, stored)
	if err != nil || !last {
		return wrong, err
	}
	has := map[int64]bool{}
	for _, s := range stored {
		has[s.ID] = true
	}
	wanted := map[int64]bool{}
	for _, d := range docs {
		wanted[d.ID] = true
	}
	for _, id := range wrong {
		switch {
		case !has[id]:
			report.Missing.add(id)
		case !wanted[id]:
			report.Extra.add(id)
		default:
			report.Different.add(id)
		}
	}
	return wrong, nil
}
