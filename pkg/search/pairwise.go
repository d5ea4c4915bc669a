package search

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// resamples is how often the queries are drawn anew for an interval.
const resamples = 10_000

// Comparison is how much better one ranking is than another, by queries that
// both answered.
type Comparison struct {
	// Mean is the mean difference in NDCG@10; in 95 of 100 such sets of queries it
	// would lie between Low and High.
	Mean, Low, High     float64
	Wins, Losses, Draws int
	// Changes are the queries by how much they changed, the most first.
	Changes []Changed
}

// Changed is one query under both rankings.
type Changed struct {
	Query    string
	Was, Now float64
}

// Pairwise compares two reports on the same queries: now against was. The
// interval is a bootstrap over the queries, the same for the same seed.
func Pairwise(was, now Report, seed uint64) (c Comparison, err error) {
	if len(was.Queries) != len(now.Queries) || len(was.Queries) == 0 {
		return c, fmt.Errorf("compare rankings: %d and %d queries", len(was.Queries), len(now.Queries))
	}
	diffs := make([]float64, len(was.Queries))
	for i, q := range was.Queries {
		if q.Query != now.Queries[i].Query {
			return c, fmt.Errorf("compare rankings: %q and %q are not the same query", q.Query, now.Queries[i].Query)
		}
		change := Changed{q.Query, q.NDCG, now.Queries[i].NDCG}
		diffs[i] = change.by()
		c.Mean += diffs[i] / float64(len(diffs))
		switch {
		case math.Abs(diffs[i]) < 1e-9:
			c.Draws++
			continue
		case diffs[i] > 0:
			c.Wins++
		default:
			c.Losses++
		}
		c.Changes = append(c.Changes, change)
	}
	slices.SortStableFunc(c.Changes, func(a, b Changed) int { return cmp.Compare(math.Abs(b.by()), math.Abs(a.by())) })
	c.Low, c.High = interval(diffs, rand.New(rand.NewPCG(seed, 1)))
	return c, nil
}

func (c Changed) by() float64 { return c.Now - c.Was }

// interval is where 95 of 100 means of the drawn differences lie.
func interval(diffs []float64, draw *rand.Rand) (low, high float64) {
	means := make([]float64, resamples)
	for i := range means {
		for range diffs {
			means[i] += diffs[draw.IntN(len(diffs))]
		}
		means[i] /= float64(len(diffs))
	}
	slices.Sort(means)
	return means[resamples*25/1000], means[resamples*975/1000-1]
}

// mostChanges is how many queries a comparison names.
const mostChanges = 15

// Print writes the comparison of b with a.
func (c Comparison) Print(w io.Writer, a, b string, seed uint64) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s after %s: NDCG@10 %+.4f, 95 %% interval %+.4f to %+.4f (bootstrap, seed %d): %s\n", b, a, c.Mean, c.Low, c.High, seed, c.verdict())
	fmt.Fprintf(&text, "queries better %d, worse %d, the same %d\n", c.Wins, c.Losses, c.Draws)
	for _, change := range c.Changes[:min(mostChanges, len(c.Changes))] {
		fmt.Fprintf(&text, "%+8.3f  %.3f → %.3f  %s\n", change.by(), change.Was, change.Now, change.Query)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (c Comparison) verdict() string {
	switch {
	case c.Low > 0:
		return "better"
	case c.High < 0:
		return "worse"
	}
	return "no difference is proved"
}
