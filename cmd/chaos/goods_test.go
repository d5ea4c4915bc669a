package main

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestOrdersAreSkewed(t *testing.T) {
	t.Parallel()
	all := goods{stores: []int64{1, 2, 3, 4}, products: map[int64][]int64{}}
	for _, store := range all.stores {
		for n := range int64(perStore) {
			all.products[store] = append(all.products[store], 10*n+store)
		}
	}
	draw := func(seed uint64) []*entry {
		s := newShopper(all, rand.New(rand.NewPCG(seed, 1)))
		var drawn []*entry
		for range 1000 {
			drawn = append(drawn, s.draw("k"))
		}
		return drawn
	}
	drawn := draw(3)
	if !reflect.DeepEqual(drawn, draw(3)) || reflect.DeepEqual(drawn, draw(4)) {
		t.Error("the same seed must give the same orders, another one others")
	}
	first, hot, lines := 0, 0, 0
	for _, e := range drawn {
		if len(e.lines) < 1 || len(e.lines) > 3 {
			t.Fatalf("%d lines", len(e.lines))
		}
		if e.store == 1 {
			first++
		}
		for _, l := range e.lines {
			lines++
			if l[0]/10 < hotGoods {
				hot++
			}
			if l[0]%10 != e.store || l[1] < 1 || l[1] > 2 {
				t.Fatalf("line %v of store %d", l, e.store)
			}
		}
	}
	if first < 500 || hot < lines/3 || hot > lines*2/3 {
		t.Errorf("of 1000 orders %d are at the first store, of %d lines %d are hot", first, lines, hot)
	}
}
