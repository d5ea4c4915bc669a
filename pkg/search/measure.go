package search

import (
	"math"
	"slices"
)

// Judged is one judged query: the rating of each product that was judged for
// it, 0 for not relevant.
type Judged struct {
	Query   string
	Ratings map[int64]int
}

// Relevant is how many products of the query are relevant.
func (j Judged) Relevant() int {
	n := 0
	for _, r := range j.Ratings {
		if r > 0 {
			n++
		}
	}
	return n
}

// Depths of the measures.
const (
	depthNDCG   = 10
	depthRecall = 50
)

// Measures is how good one list of results is, each from 0 to 1.
type Measures struct {
	// NDCG at 10: gain 2^rating-1, unjudged products count 0, the ideal is made of
	// all judged products of the query.
	NDCG float64
	// Cond is NDCG with unjudged products dropped from the first 50.
	Cond float64
	// Share is how many of the first 10 were judged at all.
	Share float64
	// MRR is 1 over the rank of the first relevant product.
	MRR float64
	// Recall is how many of the relevant products are in the first 50.
	Recall float64
}

// Measure judges results, the ids of products by rank.
func (j Judged) Measure(results []int64) Measures {
	results = results[:min(len(results), depthRecall)]
	judged := slices.DeleteFunc(slices.Clone(results), func(id int64) bool { _, ok := j.Ratings[id]; return !ok })
	m := Measures{NDCG: j.ndcg(results), Cond: j.ndcg(judged)}
	found := 0
	for rank, id := range results {
		if _, ok := j.Ratings[id]; ok && rank < depthNDCG {
			m.Share++
		}
		if j.Ratings[id] > 0 {
			found++
			if m.MRR == 0 {
				m.MRR = 1 / float64(rank+1)
			}
		}
	}
	if n := min(len(results), depthNDCG); n > 0 {
		m.Share /= float64(n)
	}
	if n := j.Relevant(); n > 0 {
		m.Recall = float64(found) / float64(n)
	}
	return m
}

func (j Judged) ndcg(results []int64) float64 {
	ideal := make([]int, 0, len(j.Ratings))
	for _, r := range j.Ratings {
		ideal = append(ideal, r)
	}
	slices.SortFunc(ideal, func(a, b int) int { return b - a })
	ratings := make([]int, 0, len(results))
	for _, id := range results {
		ratings = append(ratings, j.Ratings[id])
	}
	if best := dcg(ideal); best > 0 {
		return dcg(ratings) / best
	}
	return 0
}

func dcg(ratings []int) float64 {
	var sum float64
	for rank, r := range ratings[:min(len(ratings), depthNDCG)] {
		sum += (math.Exp2(float64(r)) - 1) / math.Log2(float64(rank)+2)
	}
	return sum
}
