package search

import (
	"context"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestTyposAreOneEditOfALongWord(t *testing.T) {
	t.Parallel()
	judged := []Judged{{"wireless mouse", map[int64]int{1: 3}}, {"tv", map[int64]int{2: 3}}, {"rtx 2060", nil}, {"aaaaa", nil}}
	list := MissTyped(judged, 1)
	if len(list) != 2*TypoVariants || !reflect.DeepEqual(list, MissTyped(judged, 1)) {
		t.Fatalf("%d variants, or others the second time", len(list))
	}
	if reflect.DeepEqual(list, MissTyped(judged, 2)) {
		t.Error("another seed gives the same typos")
	}
	for _, j := range list[:TypoVariants] {
		words := strings.Fields(j.Query)
		same := 0
		for i, was := range []string{"wireless", "mouse"} {
			if words[i] == was {
				same++
			}
			if words[i][0] != was[0] || len(words[i]) < len(was)-1 || len(words[i]) > len(was)+1 {
				t.Errorf("%q became %q", was, words[i])
			}
		}
		if same != 1 || j.Ratings[1] != 3 {
			t.Errorf("%q has %d words as they were, ratings %v", j.Query, same, j.Ratings)
		}
	}
}

func reportOf(values ...float64) (r Report) {
	for i, v := range values {
		r.Queries = append(r.Queries, QueryReport{Query: string(rune('a' + i)), Measures: Measures{NDCG: v}})
	}
	return r
}

func TestPairwise(t *testing.T) {
	t.Parallel()
	c, err := Pairwise(reportOf(.5, .5, .5, .5), reportOf(.7, .8, .5, .6), 1)
	if err != nil || c.Wins != 3 || c.Losses != 0 || c.Draws != 1 || c.Changes[0].Query != "b" {
		t.Fatalf("%+v, %v", c, err)
	}
	near(t, "the mean", c.Mean, .15)
	if c.Low < 0 || c.Low > c.Mean || c.High < c.Mean || c.High > .3 {
		t.Errorf("from %g to %g", c.Low, c.High)
	}
	if back, _ := Pairwise(reportOf(.7, .8, .5, .6), reportOf(.5, .5, .5, .5), 1); math.Abs(back.Mean+c.Mean) > 1e-9 || back.Losses != 3 {
		t.Errorf("the other way round %+v", back)
	}
	var text strings.Builder
	if err := c.Print(&text, "one", "two", 1); err != nil || !strings.Contains(text.String(), "two after one: NDCG@10 +0.1500") {
		t.Errorf("printed %q, %v", text.String(), err)
	}
	if _, err := Pairwise(reportOf(.5), reportOf(.5, .6), 1); err == nil {
		t.Error("reports of other queries were compared")
	}
}

func TestCrossValidationMeasuresWithoutWhatItChoseBy(t *testing.T) {
	t.Parallel()
	var judged []Judged
	for i := range 10 {
		judged = append(judged, Judged{string(rune('a' + i)), map[int64]int{1: 3}})
	}
	// With the weight at 2 every query but "a" finds its product.
	rank := func(weights map[string]float64) (Searcher, error) {
		found := listed{}
		for _, j := range judged {
			if (j.Query == "a") != (weights["w"] == 2) {
				found[j.Query] = []int64{1}
			}
		}
		return found, nil
	}
	v, err := CrossValidate(context.Background(), rank, judged, Tuning{"w": {2, 3}}, 5, 1)
	if err != nil || len(v.Folds) != 5 {
		t.Fatalf("%+v, %v", v, err)
	}
	near(t, "the mean", v.Mean.NDCG, .9)
	for _, f := range v.Folds {
		if f.Chosen["w"] != 2 || f.Queries != 2 {
			t.Errorf("%+v", f)
		}
	}
	if _, err := CrossValidate(context.Background(), rank, judged, nil, 11, 1); err == nil {
		t.Error("11 folds of 10 queries were made")
	}
}

func TestSubjectsAndArticleNumbers(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"laptop stand": "stand", "case for iphone": "case", "Case For iPhone": "Case", "laptop": "laptop", "": "", "for": "for",
		"mouse with usb cable": "mouse",
	} {
		if got := Subject(query); got != want {
			t.Errorf("%q is about %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string][]string{
		"0882780756328": {"0882780756328", "882780756328", "00882780756328"},
		"882780756328":  {"882780756328", "0882780756328", "00882780756328"}, "88278-075 6328": {"882780756328", "0882780756328", "00882780756328"},
		"96385074": {"96385074", "000096385074", "0000096385074", "00000096385074"}, "123": nil, "tn-2110": nil, "": nil,
	} {
		if got := GTINs(query); !reflect.DeepEqual(got, want) {
			t.Errorf("%q may be %q, want %q", query, got, want)
		}
	}
}
