package search

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// depthOverlap is how far down results are compared.
	depthOverlap = 10
	// leastTimings is how many searches of each version are timed at least,
	// raceRounds how often a version that seems slower is timed again.
	leastTimings, raceRounds = 100, 3
)

// Overlap is how much of the first ten of one version is in the first ten of
// the other, in the mean of the queries: 1 is all. told is called after each.
func Overlap(ctx context.Context, before, now Searcher, queries []string, told func()) (float64, error) {
	var sum float64
	for _, q := range queries {
		a, err := firstTen(ctx, before, q)
		if err != nil {
			return 0, err
		}
		b, err := firstTen(ctx, now, q)
		if err != nil {
			return 0, err
		}
		sum += shared(a, b)
		told()
	}
	return sum / float64(max(1, len(queries))), nil
}

func firstTen(ctx context.Context, engine Searcher, query string) ([]int64, error) {
	page, err := engine.Search(ctx, Params{Query: query, Sort: ByRelevance, Page: 1, PageSize: depthOverlap})
	if err != nil {
		return nil, fmt.Errorf("search for %q: %w", query, err)
	}
	ids := make([]int64, len(page.Hits))
	for i, h := range page.Hits {
		ids[i] = h.ID
	}
	return ids, nil
}

// shared is the share of the longer list that is in both; two empty ones agree.
func shared(a, b []int64) float64 {
	longer := max(len(a), len(b))
	if longer == 0 {
		return 1
	}
	n := 0
	for _, id := range a {
		if slices.Contains(b, id) {
			n++
		}
	}
	return float64(n) / float64(longer)
}

// Race times searches of both versions in turns, after each has answered every
// query once. What seems to be slower than allowed is timed again, so that a
// moment of the machine decides nothing. told is called after each query.
func Race(ctx context.Context, before, now Searcher, queries []string, l Limits, told func()) (was, is Latency, err error) {
	if _, _, err := lap(ctx, before, now, queries, told); err != nil {
		return was, is, err
	}
	for range raceRounds {
		var a, b []time.Duration
		for len(a) < leastTimings {
			x, y, err := lap(ctx, before, now, queries, told)
			if err != nil {
				return was, is, err
			}
			a, b = append(a, x...), append(b, y...)
		}
		if was, is = latency(a), latency(b); !is.slower(was, l.Slower) {
			break
		}
	}
	return was, is, nil
}

// lap asks both versions each query, by turns one and the other first.
func lap(ctx context.Context, before, now Searcher, queries []string, told func()) (a, b []time.Duration, err error) {
	timed := func(engine Searcher, query string, list *[]time.Duration) error {
		begun := time.Now()
		_, err := firstTen(ctx, engine, query)
		*list = append(*list, time.Since(begun))
		return err
	}
	for i, q := range queries {
		first, second, one, other := before, now, &a, &b
		if i%2 == 1 {
			first, second, one, other = now, before, &b, &a
		}
		if err := timed(first, q, one); err != nil {
			return nil, nil, err
		}
		if err := timed(second, q, other); err != nil {
			return nil, nil, err
		}
		told()
	}
	return a, b, nil
}

func latency(times []time.Duration) Latency {
	slices.Sort(times)
	at := func(share float64) time.Duration { return times[int(share*float64(len(times)-1)+.5)] }
	return Latency{P50: at(.50), P95: at(.95)}
}
