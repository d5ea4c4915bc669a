package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"aforro/cmd/internal/trial"
)

// judge holds what clients were told against the facts.
func judge(entries []*entry, f facts) []trial.Verdict {
	byID := map[int64]fact{}
	for _, o := range f.orders {
		byID[o.ID] = o
	}
	return []trial.Verdict{
		trial.Check("every acknowledged order exists, once, under its key", lost(entries, byID, f.keys)...),
		trial.Check("no order exists that no key made, and no key made two", doubled(entries, byID, f)...),
		trial.Check("every order holds what was asked for", changed(entries, byID)...),
		trial.Check("every decision stands as it was told", overturned(entries, byID)...),
		trial.Check("no order is undecided", undecided(f.orders)...),
		trial.Check("stock and ledger agree with the orders", wrongStock(f.wrongStock)...),
	}
}

func lost(entries []*entry, byID map[int64]fact, keys map[string][]int64) (found []string) {
	for _, e := range entries {
		_, exists := byID[e.id]
		switch {
		case e.id == 0:
		case !exists:
			found = append(found, fmt.Sprintf("order %d of key %s is not there", e.id, e.key))
		case !slices.Equal(keys[e.key], []int64{e.id}):
			found = append(found, fmt.Sprintf("order %d was acknowledged for key %s, which names %v", e.id, e.key, keys[e.key]))
		}
	}
	return found
}

// doubled looks at orders and keys: each order must be that of one key, which a
// client has used, and each key that of one order.
func doubled(entries []*entry, byID map[int64]fact, f facts) (found []string) {
	used := map[string]bool{}
	for _, e := range entries {
		used[e.key] = true
	}
	owners := map[int64][]string{}
	for key, ids := range f.keys {
		if len(ids) > 1 {
			found = append(found, fmt.Sprintf("key %s made the orders %v", key, ids))
		}
		for _, id := range ids {
			owners[id] = append(owners[id], key)
			if _, exists := byID[id]; !exists {
				found = append(found, fmt.Sprintf("key %s names order %d, which is not there", key, id))
			}
		}
	}
	for _, o := range f.orders {
		if own := owners[o.ID]; len(own) != 1 || !used[own[0]] {
			found = append(found, fmt.Sprintf("order %d (%s) belongs to the keys %q", o.ID, o.Status, own))
		}
	}
	return found
}

func changed(entries []*entry, byID map[int64]fact) (found []string) {
	for _, e := range entries {
		o, exists := byID[e.id]
		if exists && (o.Store != e.store || !slices.Equal(o.Lines, e.lines)) {
			found = append(found, fmt.Sprintf("order %d holds store %d, lines %v; asked for were store %d, lines %v", e.id, o.Store, o.Lines, e.store, e.lines))
		}
	}
	return found
}

// overturned: a state that a client knows may only have become CANCELLED since,
// and only when that client asked for it.
func overturned(entries []*entry, byID map[int64]fact) (found []string) {
	for _, e := range entries {
		o, exists := byID[e.id]
		if now := *e; exists && !now.saw(o.Status) {
			found = append(found, fmt.Sprintf("order %d was %s (cancellation asked for: %t) and is %s", e.id, e.status, e.cancelAsked, o.Status))
		}
	}
	return found
}

func undecided(orders []fact) (found []string) {
	for _, o := range orders {
		if o.Status == pending {
			found = append(found, fmt.Sprintf("order %d", o.ID))
		}
	}
	return found
}

func wrongStock(wrong map[string]int64) (found []string) {
	for _, what := range slices.Sorted(maps.Keys(wrong)) {
		if n := wrong[what]; n != 0 {
			found = append(found, fmt.Sprintf("%d %s", n, what))
		}
	}
	return found
}

// slowest is the order whose decision took longest.
func slowest(orders []fact) fact {
	if len(orders) == 0 {
		return fact{}
	}
	return slices.MaxFunc(orders, func(a, b fact) int { return cmp.Compare(a.Took, b.Took) })
}
