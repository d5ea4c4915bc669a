package indexer

import (
	"context"

	"aforro/pkg/search"
)

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

// again compares some products in both parts; last puts what differs into the
// report.
func (v *Verifier) again(ctx context.Context, index string, ids []int64, report *Report, last bool) ([]int64, error) {
	docs, err := v.source.Project(ctx, ids)
	if err != nil {
		return nil, err
	}
	var wrong []int64
	has := map[int64]int{}
	for _, part := range search.Parts {
		stored, err := v.reader.Get(ctx, index, part, ids)
		if err != nil {
			return nil, err
		}
		for _, s := range stored {
			has[s.ID]++
		}
		differ, err := v.compare(docs, stored, part)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, differ...)
	}
	wrong = distinct(wrong)
	if last {
		report.note(wrong, docs, has)
	}
	return wrong, nil
}

// note says of each wrong product what is wrong: has counts its documents.
func (r *Report) note(wrong []int64, docs []search.Document, has map[int64]int) {
	wanted := map[int64]bool{}
	for _, d := range docs {
		wanted[d.ID] = true
	}
	for _, id := range wrong {
		switch {
		case !wanted[id]:
			r.Extra.add(id)
		case has[id] < len(search.Parts):
			r.Missing.add(id)
		default:
			r.Different.add(id)
		}
	}
}
