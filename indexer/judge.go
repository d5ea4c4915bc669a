package indexer

import (
	"context"

	"aforro/pkg/search"
)

// Judging is by what a Reindexer judges a new version. The zero value judges
// documents only, not how they are found.
type Judging struct {
	Engines Engines
	// Judged are queries with ratings; they count when their products are in the
	// catalogue.
	Judged []search.Judged
	// Sample gives real queries, those searched for most first.
	Sample func(ctx context.Context) ([]string, error)
	Limits search.Limits
	// Accept are checks that may fail, for this Reason.
	Accept []search.Check
	Reason string
}

// countRounds is how often documents are counted before a difference is believed:
// while products come and go, one look may miss.
const countRounds = 12

// judge compares a new version with the live one.
func (r *Reindexer) judge(ctx context.Context, old, index string, check Report, progress func(done, total int64)) (search.Verdict, error) {
	quarantined, err := r.quarantined(ctx, index)
	if err != nil {
		return nil, err
	}
	documents, err := r.counted(ctx, index)
	if err != nil {
		return nil, err
	}
	verdict := search.Verdict{documents, search.JudgeDrift(check.outside(quarantined))}
	found, err := r.judgeResults(ctx, old, index, progress)
	if err != nil {
		return nil, err
	}
	verdict = append(verdict, found...)
	verdict.Accept(r.o.Judging.Accept, r.o.Judging.Reason)
	return verdict, nil
}

// counted compares the number of a version's documents with that of products.
// What is committed before the stream passes and before the counting is in both.
// What is in quarantine is known to be missing.
func (r *Reindexer) counted(ctx context.Context, index string) (f search.Finding, err error) {
	for range countRounds {
		least, err := r.o.Source.CountActive(ctx)
		if err != nil {
			return f, err
		}
		if err := r.throughStream(ctx); err != nil {
			return f, err
		}
		documents, err := r.documents(ctx, index)
		if err != nil {
			return f, err
		}
		most, err := r.o.Source.CountActive(ctx)
		if err != nil {
			return f, err
		}
		quarantined, err := r.quarantined(ctx, index)
		if err != nil {
			return f, err
		}
		if f = search.JudgeDocuments(documents, max(0, min(least, most)-int64(len(quarantined))), max(least, most)); f.Result == search.Passed {
			break
		}
	}
	return f, nil
}

func (r *Reindexer) documents(ctx context.Context, index string) (int64, error) {
	if err := r.o.Reader.Refresh(ctx, index); err != nil {
		return 0, err
	}
	v, _, err := r.version(ctx, index)
	return v.Docs, err
}

// quarantined are the products whose documents a version refused.
func (r *Reindexer) quarantined(ctx context.Context, index string) (map[int64]bool, error) {
	list, _, err := r.o.Quarantine.Quarantined(ctx, mostKnown)
	if err != nil {
		return nil, err
	}
	of := map[int64]bool{}
	for _, q := range list {
		if q.Index == index {
			of[q.Product] = true
		}
	}
	return of, nil
}
