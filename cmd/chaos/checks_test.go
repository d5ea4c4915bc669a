package main

import (
	"slices"
	"testing"
)

// told is one order that went well: acknowledged, and as its client knows it.
func told(id int64, key, status string) *entry {
	return &entry{key: key, id: id, store: 1, lines: []line{{7, 2}, {8, 1}}, status: status}
}

// good is what clients and PostgreSQL say after a run in which all went well.
func good() ([]*entry, facts) {
	entries := []*entry{told(1, "a", confirmed), told(2, "b", rejected), told(3, "c", cancelled), told(4, "d", confirmed),
		{key: "never acknowledged", store: 1}, {key: "never heard of", store: 1}}
	entries[2].cancelAsked, entries[3].cancelAsked = true, true
	f := facts{keys: map[string][]int64{"a": {1}, "b": {2}, "c": {3}, "d": {4}, "never acknowledged": {5}},
		wrongStock: map[string]int64{"lines with less than nothing": 0}}
	for id, status := range map[int64]string{1: confirmed, 2: rejected, 3: cancelled, 4: cancelled, 5: confirmed} {
		f.orders = append(f.orders, fact{ID: id, Status: status, Store: 1, Lines: []line{{7, 2}, {8, 1}}})
	}
	slices.SortFunc(f.orders, func(a, b fact) int { return int(a.ID - b.ID) })
	return entries, f
}

// Whatever may happen to an order is found, by the check that is for it.
func TestJudge(t *testing.T) {
	t.Parallel()
	const lost, doubled, changed, overturned, undecided, stock = 0, 1, 2, 3, 4, 5
	for name, c := range map[string]struct {
		harm func(entries []*entry, f *facts)
		off  []int
	}{
		"all is well":                            {func([]*entry, *facts) {}, nil},
		"an order is lost with its key":          {func(_ []*entry, f *facts) { f.orders = f.orders[1:]; delete(f.keys, "a") }, []int{lost}},
		"an order is lost and its key is not":    {func(_ []*entry, f *facts) { f.orders = f.orders[1:] }, []int{lost, doubled}},
		"another order has the key":              {func(_ []*entry, f *facts) { f.keys["a"] = []int64{5}; delete(f.keys, "never acknowledged") }, []int{lost, doubled}},
		"a retry made a second order":            {func(_ []*entry, f *facts) { f.orders = append(f.orders, fact{ID: 9, Status: confirmed}) }, []int{doubled}},
		"a key made two orders":                  {func(_ []*entry, f *facts) { f.keys["a"] = []int64{1, 5}; delete(f.keys, "never acknowledged") }, []int{lost, doubled}},
		"two keys made one order":                {func(_ []*entry, f *facts) { f.keys["never heard of"] = []int64{1} }, []int{doubled}},
		"an order of nobody":                     {func(entries []*entry, _ *facts) { entries[4].key = "another" }, []int{doubled}},
		"a quantity is another":                  {func(_ []*entry, f *facts) { f.orders[0].Lines = []line{{7, 2}, {8, 2}} }, []int{changed}},
		"a line is missing":                      {func(_ []*entry, f *facts) { f.orders[0].Lines = []line{{7, 2}} }, []int{changed}},
		"lines changed places":                   {func(_ []*entry, f *facts) { f.orders[0].Lines = []line{{8, 1}, {7, 2}} }, []int{changed}},
		"the store is another":                   {func(_ []*entry, f *facts) { f.orders[1].Store = 2 }, []int{changed}},
		"a confirmed order is rejected":          {func(_ []*entry, f *facts) { f.orders[0].Status = rejected }, []int{overturned}},
		"a rejected order is confirmed":          {func(_ []*entry, f *facts) { f.orders[1].Status = confirmed }, []int{overturned}},
		"an order is cancelled, asked by nobody": {func(_ []*entry, f *facts) { f.orders[0].Status = cancelled }, []int{overturned}},
		"a cancelled order is confirmed again":   {func(_ []*entry, f *facts) { f.orders[2].Status = confirmed }, []int{overturned}},
		"a cancellation that nobody answered":    {func(_ []*entry, f *facts) { f.orders[3].Status = confirmed }, nil},
		"a decided order is undecided":           {func(_ []*entry, f *facts) { f.orders[0].Status = pending }, []int{overturned, undecided}},
		"an order stays undecided": {func(e []*entry, f *facts) {
			e[0].status, f.orders[0].Status = pending, pending
		}, []int{undecided}},
		"an order nobody knows stays undecided": {func(_ []*entry, f *facts) { f.orders[4].Status = pending }, []int{undecided}},
		"stock is wrong":                        {func(_ []*entry, f *facts) { f.wrongStock["lines with less than nothing"] = 1 }, []int{stock}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries, f := good()
			c.harm(entries, &f)
			for i, v := range judge(entries, f) {
				if v.OK() == slices.Contains(c.off, i) {
					t.Errorf("%q: found %v", v.What, v.Examples)
				}
			}
		})
	}
}

func TestSlowest(t *testing.T) {
	t.Parallel()
	if got := slowest([]fact{{ID: 1, Took: 1}, {ID: 2, Took: 3}, {ID: 3, Took: 2}}); got.ID != 2 {
		t.Errorf("got %+v", got)
	}
	if got := slowest(nil); got.ID != 0 {
		t.Errorf("of none: %+v", got)
	}
}
