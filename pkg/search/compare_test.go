package search

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// answers is a searcher that knows its answers, each after some time.
type answers struct {
	hits  map[string][]int64
	after time.Duration
	asked *[]string
	name  string
}

var errUnknown = errors.New("unknown")

func (a answers) Search(ctx context.Context, p Params) (page Page, err error) {
	ids, ok := a.hits[p.Query]
	if !ok {
		return page, errUnknown
	}
	if a.asked != nil {
		*a.asked = append(*a.asked, a.name+p.Query)
	}
	for _, id := range ids {
		page.Hits = append(page.Hits, Hit{ID: id})
	}
	timer := time.NewTimer(a.after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return page, ctx.Err()
}

func silent() {}

func TestOverlap(t *testing.T) {
	t.Parallel()
	old := answers{hits: map[string][]int64{"same": {1, 2}, "other order": {1, 2}, "half": {1, 2, 3, 4}, "gone": {1}, "none": nil}}
	now := answers{hits: map[string][]int64{"same": {1, 2}, "other order": {2, 1}, "half": {1, 2}, "gone": nil, "none": nil}}
	for query, want := range map[string]float64{"same": 1, "other order": 1, "half": .5, "gone": 0, "none": 1} {
		if got, err := Overlap(t.Context(), old, now, []string{query}, silent); err != nil || got != want {
			t.Errorf("%s: %v, %v", query, got, err)
		}
	}
	if got, err := Overlap(t.Context(), old, now, []string{"same", "gone"}, silent); err != nil || got != .5 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Overlap(t.Context(), old, now, []string{"what"}, silent); !errors.Is(err, errUnknown) {
		t.Error(err)
	}
}

func TestRaceTellsASlowVersion(t *testing.T) {
	t.Parallel()
	hits := map[string][]int64{"a": nil, "b": nil}
	fast, slow := answers{hits: hits}, answers{hits: hits, after: 8 * time.Millisecond}
	was, is, err := Race(t.Context(), fast, slow, []string{"a", "b"}, limits, silent)
	if err != nil || JudgeLatency(was, is, limits).Result != Failed || is.P50 < 8*time.Millisecond {
		t.Errorf("%v %v %v", was, is, err)
	}
	if was, is, err = Race(t.Context(), slow, fast, []string{"a", "b"}, limits, silent); err != nil || JudgeLatency(was, is, limits).Result != Passed {
		t.Errorf("%v %v %v", was, is, err)
	}
}

// Both answer every query as often, each as often first.
func TestRaceIsFair(t *testing.T) {
	t.Parallel()
	var asked []string
	hits := map[string][]int64{"1": nil, "2": nil}
	old, now := answers{hits: hits, asked: &asked, name: "o"}, answers{hits: hits, asked: &asked, name: "n"}
	if _, _, err := Race(t.Context(), old, now, []string{"1", "2"}, Limits{Slower: 1000}, silent); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 4+200 || !slices.Equal(asked[:4], []string{"o1", "n1", "n2", "o2"}) || !slices.Equal(asked[:4], asked[len(asked)-4:]) {
		t.Errorf("%d: %v", len(asked), asked[:8])
	}
}

func TestLatencyIsOfTheRightRank(t *testing.T) {
	t.Parallel()
	var times []time.Duration
	for n := range 101 {
		times = append(times, ms(100-n))
	}
	if l := latency(times); l.P50 != ms(50) || l.P95 != ms(95) {
		t.Error(l)
	}
}
