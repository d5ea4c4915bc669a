package search

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %.6f; want %.6f", what, got, want)
	}
}

func TestMeasuresOfAKnownList(t *testing.T) {
	t.Parallel()
	j := Judged{Query: "q", Ratings: map[int64]int{1: 3, 2: 1, 3: 0, 4: 2}}
	// 9 is unjudged: it counts 0 where it stands, and is dropped for Cond.
	m := j.Measure([]int64{9, 1, 3, 2})
	ideal := 7 + 3/math.Log2(3) + 1/math.Log2(4)
	near(t, "NDCG", m.NDCG, (7/math.Log2(3)+1/math.Log2(5))/ideal)
	near(t, "Cond", m.Cond, (7+1/math.Log2(4))/ideal)
	near(t, "Share", m.Share, 3.0/4)
	near(t, "MRR", m.MRR, 1.0/2)
	near(t, "Recall", m.Recall, 2.0/3)
}

func TestMeasuresAtTheirEdges(t *testing.T) {
	t.Parallel()
	j := Judged{Query: "q", Ratings: map[int64]int{1: 3, 2: 2}}
	near(t, "NDCG of the ideal list", j.Measure([]int64{1, 2}).NDCG, 1)
	if m := j.Measure(nil); m != (Measures{}) {
		t.Errorf("nothing found measures %+v", m)
	}
	irrelevant := Judged{Query: "q", Ratings: map[int64]int{1: 0}}
	near(t, "NDCG where nothing is relevant", irrelevant.Measure([]int64{1}).NDCG, 0)
	deep := make([]int64, 60)
	for i := range deep {
		deep[i] = int64(100 + i)
	}
	deep[10], deep[55] = 1, 2
	m := j.Measure(deep)
	near(t, "NDCG of a product at rank 11", m.NDCG, 0)
	near(t, "Recall of a product at rank 56", m.Recall, 1.0/2)
	near(t, "Cond of a product at rank 11", m.Cond, 7/(7+3/math.Log2(3)))
}

func TestReadJudgments(t *testing.T) {
	t.Parallel()
	list, err := ReadJudgments(strings.NewReader("query,product_id,rating\nb,1,3\na,2,0\nb,4,1\n"))
	if err != nil || len(list) != 2 || list[0].Query != "a" || list[1].Ratings[4] != 1 || list[1].Relevant() != 2 || list[0].Relevant() != 0 {
		t.Errorf("got %+v, %v", list, err)
	}
	for _, broken := range []string{"", "q,p,r\n", "query,product_id,rating\nb,x,3\n", "query,product_id,rating\nb,1\n", "query,product_id,rating\nb,1,high\n"} {
		if _, err := ReadJudgments(strings.NewReader(broken)); err == nil {
			t.Errorf("%q was taken", broken)
		}
	}
}

// listed is a searcher with fixed answers.
type listed map[string][]int64

func (l listed) Search(_ context.Context, p Params) (Page, error) {
	if p.Query == "broken" {
		return Page{}, errors.New("away")
	}
	page := Page{Count: int64(len(l[p.Query])), Number: 1}
	for _, id := range l[p.Query] {
		page.Hits = append(page.Hits, Hit{ID: id})
	}
	return page, nil
}

func TestEvaluateCountsOnlyQueriesWithSomethingToFind(t *testing.T) {
	t.Parallel()
	judged := []Judged{
		{"good", map[int64]int{1: 3}}, {"bad", map[int64]int{2: 3}},
		{"nothing relevant", map[int64]int{3: 0}}, {"empty", map[int64]int{4: 1}},
	}
	r, err := Evaluate(t.Context(), listed{"good": {1}, "bad": {7}, "nothing relevant": {3}}, judged)
	if err != nil || r.Counted != 3 || len(r.Empty) != 1 || r.Empty[0] != "empty" {
		t.Fatalf("got %+v, %v", r, err)
	}
	near(t, "the mean", r.Mean.NDCG, 1.0/3)
	var text strings.Builder
	if err := r.Print(&text); err != nil || !strings.Contains(text.String(), "mean of 3") || !strings.Contains(text.String(), "queries without results: 1") {
		t.Errorf("printed %q, %v", text.String(), err)
	}
	if _, err := Evaluate(t.Context(), listed{}, []Judged{{"broken", nil}}); err == nil {
		t.Error("a failing search was passed over")
	}
}
