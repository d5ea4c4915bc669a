package search

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// leastGain is how much better a value must be on the queries that it is chosen
// by: with less it is chance, and the profile's own stays.
const leastGain = .002

// Tuning is what may be chosen: for each weight the values beside the profile's
// own.
type Tuning map[string][]float64

// Ranker gives the engine with some weights of its ranking replaced.
type Ranker func(replaced map[string]float64) (Searcher, error)

// FoldReport is one part of the queries: what was chosen on all others, and how they
// did with it.
type FoldReport struct {
	Chosen  map[string]float64
	Queries int
	Mean    Measures
}

// Validation is a cross-validation: every query measured with weights that were
// chosen without it.
type Validation struct {
	Seed  uint64
	Folds []FoldReport
	Mean  Measures
}

// CrossValidate chooses weights on all folds but one and measures them on that
// one, for each. The queries are dealt to folds by the seed.
func CrossValidate(ctx context.Context, rank Ranker, judged []Judged, tuning Tuning, folds int, seed uint64) (Validation, error) {
	v := Validation{Seed: seed}
	judged = slices.DeleteFunc(slices.Clone(judged), func(j Judged) bool { return j.Relevant() == 0 })
	if folds < 2 || len(judged) < folds {
		return v, fmt.Errorf("cross-validate: %d folds of %d queries cannot be made", folds, len(judged))
	}
	rand.New(rand.NewPCG(seed, 2)).Shuffle(len(judged), func(i, k int) { judged[i], judged[k] = judged[k], judged[i] })
	scores, err := tried(ctx, rank, judged, tuning)
	if err != nil {
		return v, err
	}
	for fold := range folds {
		chosen := scores.choose(func(i int) bool { return i%folds != fold })
		var held []Judged
		for i := fold; i < len(judged); i += folds {
			held = append(held, judged[i])
		}
		report, err := evaluateWith(ctx, rank, chosen, held)
		if err != nil {
			return v, err
		}
		v.Folds = append(v.Folds, FoldReport{chosen, report.Counted, report.Mean})
		for _, q := range report.Queries {
			v.Mean.add(q.Measures)
		}
	}
	v.Mean.divide(float64(len(judged)))
	return v, nil
}

func evaluateWith(ctx context.Context, rank Ranker, weights map[string]float64, judged []Judged) (Report, error) {
	engine, err := rank(weights)
	if err != nil {
		return Report{}, err
	}
	return Evaluate(ctx, engine, judged)
}

// trial is one value of one weight, with how good each query was under it.
type trial struct {
	weight string
	value  float64
	good   []float64
}

// trials are all of them; own is the profile as it is.
type trials struct {
	own []float64
	all []trial
}

// tried measures each value by itself, all other weights being the profile's.
func tried(ctx context.Context, rank Ranker, judged []Judged, tuning Tuning) (t trials, err error) {
	if t.own, err = goodness(ctx, rank, nil, judged); err != nil {
		return t, err
	}
	for _, weight := range slices.Sorted(maps.Keys(tuning)) {
		for _, value := range tuning[weight] {
			good, err := goodness(ctx, rank, map[string]float64{weight: value}, judged)
			if err != nil {
				return t, err
			}
			t.all = append(t.all, trial{weight, value, good})
		}
	}
	return t, nil
}

// goodness is the mean of NDCG@10 and cond: the one punishes what nobody judged, the
// other passes over it.
func goodness(ctx context.Context, rank Ranker, weights map[string]float64, judged []Judged) ([]float64, error) {
	report, err := evaluateWith(ctx, rank, weights, judged)
	list := make([]float64, len(report.Queries))
	for i, q := range report.Queries {
		list[i] = (q.NDCG + q.Cond) / 2
	}
	return list, err
}

// choose takes, for each weight, the value that is best on the queries that may
// be looked at, if it is better than the profile's own.
func (t trials) choose(among func(i int) bool) map[string]float64 {
	chosen, gains := map[string]float64{}, map[string]float64{}
	for _, trial := range t.all {
		var gain, n float64
		for i := range t.own {
			if among(i) {
				gain, n = gain+trial.good[i]-t.own[i], n+1
			}
		}
		if gain /= max(1, n); gain > max(leastGain, gains[trial.weight]) {
			chosen[trial.weight], gains[trial.weight] = trial.value, gain
		}
	}
	return chosen
}

// Print writes what each fold chose, and the mean.
func (v Validation) Print(w io.Writer) error {
	var text strings.Builder
	for i, f := range v.Folds {
		fmt.Fprintf(&text, "fold %d: %d queries, NDCG@10 %.3f, cond %.3f, chosen without them:", i+1, f.Queries, f.Mean.NDCG, f.Mean.Cond)
		for _, weight := range slices.Sorted(maps.Keys(f.Chosen)) {
			fmt.Fprintf(&text, " %s %g", weight, f.Chosen[weight])
		}
		if len(f.Chosen) == 0 {
			text.WriteString(" nothing but the profile's own")
		}
		text.WriteString("\n")
	}
	fmt.Fprintf(&text, "cross-validated, %d folds, seed %d: NDCG@10 %.3f, cond %.3f\n", len(v.Folds), v.Seed, v.Mean.NDCG, v.Mean.Cond)
	_, err := io.WriteString(w, text.String())
	return err
}
