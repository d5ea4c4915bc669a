package indexer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

const (
	// fewQueries: with less of a sample the judged queries join it.
	fewQueries = 30
	// searchTries is how often a search is tried that was not answered: one
	// slow moment must not end a long build.
	searchTries = 3
)

// judgeResults compares what the two versions find, and how fast.
func (r *Reindexer) judgeResults(ctx context.Context, old, index string, progress func(done, total int64)) (search.Verdict, error) {
	j := r.o.Judging
	if j.Engines == nil {
		return skipAll("nothing was given to judge results by", search.Acceptable()...), nil
	}
	if err := r.o.Versions.OpenIndex(ctx, index); err != nil {
		return nil, err
	}
	before, now := patient{j.Engines.On(old), r.pace}, patient{j.Engines.On(index), r.pace}
	verdict, judged, err := r.judgeRanking(ctx, old, before, now)
	if err != nil {
		return nil, err
	}
	queries, err := r.queries(ctx, judged)
	if err != nil {
		return nil, err
	}
	if len(queries) == 0 {
		return append(verdict, skipAll("no query was sampled, and none is judged", search.CheckOverlap, search.CheckLatency)...), nil
	}
	done, total := int64(0), int64(len(queries))*3
	told := func() { done++; progress(done, max(done, total)) }
	overlap, err := search.Overlap(ctx, before, now, queries, told)
	if err != nil {
		return nil, err
	}
	was, is, err := search.Race(ctx, before, now, queries, j.Limits, told)
	if err != nil {
		return nil, err
	}
	return append(verdict, search.JudgeOverlap(overlap, len(queries), j.Limits), search.JudgeLatency(was, is, j.Limits)), nil
}

func skipAll(why string, checks ...search.Check) (v search.Verdict) {
	for _, c := range checks {
		v = append(v, search.Skip(c, why))
	}
	return v
}

// judgeRanking runs the judged queries, and returns them if they are about this
// catalogue: most of their products must be in it.
func (r *Reindexer) judgeRanking(ctx context.Context, old string, before, now search.Searcher) (search.Verdict, []search.Judged, error) {
	judged := r.o.Judging.Judged
	known, of, err := r.known(ctx, old, judged)
	if err != nil {
		return nil, nil, err
	}
	if known*2 < of || of == 0 {
		why := fmt.Sprintf("%d of %d judged products are in this catalogue", known, of)
		return skipAll(why, search.CheckNDCG, search.CheckZero), nil, nil
	}
	was, err := search.Evaluate(ctx, before, judged)
	if err != nil {
		return nil, nil, err
	}
	is, err := search.Evaluate(ctx, now, judged)
	return search.JudgeRanking(was, is, r.o.Judging.Limits), judged, err
}

// known counts the relevant products of judged queries that an index has.
func (r *Reindexer) known(ctx context.Context, index string, judged []search.Judged) (known, of int, err error) {
	relevant := map[int64]struct{}{}
	for _, j := range judged {
		for id, rating := range j.Ratings {
			if rating > 0 {
				relevant[id] = struct{}{}
			}
		}
	}
	for ids := slices.Sorted(maps.Keys(relevant)); len(ids) > 0; {
		some := ids[:min(len(ids), r.o.BulkSize)]
		stored, err := r.o.Reader.Get(ctx, index, search.Products, some)
		if err != nil {
			return known, of, err
		}
		known, ids = known+len(stored), ids[len(some):]
	}
	return known, len(relevant), nil
}

// queries are those on which results are compared: the sample, and the judged
// ones where that is small.
func (r *Reindexer) queries(ctx context.Context, judged []search.Judged) (list []string, err error) {
	seen := map[string]bool{}
	add := func(query string) {
		if !seen[query] {
			seen[query], list = true, append(list, query)
		}
	}
	if r.o.Judging.Sample != nil {
		sample, err := r.o.Judging.Sample(ctx)
		if err != nil {
			return nil, err
		}
		for _, query := range sample {
			add(query)
		}
	}
	if len(list) < fewQueries {
		for _, j := range judged {
			add(j.Query)
		}
	}
	return list, nil
}

// patient lets changes go first, and asks again when it is not answered.
type patient struct {
	search.Searcher
	pace pace
}

func (p patient) Search(ctx context.Context, params search.Params) (page search.Page, err error) {
	if err := p.pace.await(ctx, shortPatience); err != nil {
		return page, err
	}
	for try := range searchTries {
		if page, err = p.Searcher.Search(ctx, params); !fault.Is(err, fault.Unavailable) {
			break
		}
		if err := lifecycle.Sleep(ctx, lifecycle.Backoff(try, 100*time.Millisecond, time.Second)); err != nil {
			return page, err
		}
	}
	return page, err
}
