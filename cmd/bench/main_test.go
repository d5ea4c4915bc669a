package main

import (
	"slices"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args   []string
		names  []string
		rounds int
		length time.Duration
		search bool
	}{
		{nil, []string{"import", "build", "relevance", "fresh", "search", "start"}, 5, 8 * time.Second, true},
		{[]string{"-rounds", "2", "-length", "3s", "orders-hot", "search"}, []string{"orders-hot", "search"}, 2, 3 * time.Second, true},
		{[]string{"orders-uniform", "orders-indexer"}, []string{"orders-uniform", "orders-indexer"}, 5, 8 * time.Second, false},
		{[]string{"suggest-quality"}, []string{"suggest-quality"}, 5, 8 * time.Second, true},
		{[]string{"nothing"}, nil, 0, 0, false},
		{[]string{"-rounds", "0", "orders-hot"}, nil, 0, 0, false},
		{[]string{"-length", "10ms"}, nil, 0, 0, false},
		{[]string{"-x"}, nil, 0, 0, false},
	} {
		got, err := parse(c.args)
		var names []string
		for _, b := range got.benches {
			names = append(names, b.name)
		}
		if (err == nil) != (c.names != nil) || err == nil && (!slices.Equal(names, c.names) || got.pace.rounds != c.rounds || got.pace.length != c.length || got.wantsSearch() != c.search) {
			t.Errorf("%q: got %v %+v, %v", c.args, names, got.pace, err)
		}
	}
}
