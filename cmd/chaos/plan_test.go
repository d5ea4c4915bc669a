package main

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestASeedIsAPlan(t *testing.T) {
	t.Parallel()
	if !reflect.DeepEqual(plan(5, time.Minute), plan(5, time.Minute)) {
		t.Error("the same seed gives two plans")
	}
	if reflect.DeepEqual(plan(5, time.Minute), plan(6, time.Minute)) {
		t.Error("two seeds give the same plan")
	}
}

func TestPlans(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		var last time.Duration
		var order []string
		rounds := plan(seed, 3*time.Minute)
		for _, r := range rounds {
			if gap := r.at - last; gap < time.Second || gap >= 5*time.Second || r.at >= 3*time.Minute {
				t.Fatalf("seed %d: a round at %s after one at %s", seed, r.at, last)
			}
			if len(r.faults) < 1 || len(r.faults) > 2 {
				t.Fatalf("seed %d: %d faults at once", seed, len(r.faults))
			}
			if len(r.faults) == 2 && r.faults[0].kind == r.faults[1].kind {
				t.Fatalf("seed %d: %s twice at once", seed, r.faults[0].kind)
			}
			last = r.at
			for _, f := range r.faults {
				order = append(order, f.kind)
				mustBeDrawn(t, f)
			}
		}
		for ; len(order) >= len(kinds); order = order[len(kinds):] {
			for _, k := range kinds {
				if !slices.Contains(order[:len(kinds)], k.name) {
					t.Fatalf("seed %d: %q does not come before another comes again: %q", seed, k.name, order)
				}
			}
		}
	}
}

func mustBeDrawn(t *testing.T, f fault) {
	t.Helper()
	of := kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == f.kind })]
	if f.act != of.act || !slices.Contains(of.targets, f.target) || f.hold < of.hold[0] || f.hold > of.hold[1] || (f.act == poison) != (f.toxic.Type != "") {
		t.Fatalf("%+v is not one of %+v", f, of)
	}
	if ms := f.toxic.Attributes["latency"]; f.kind == "latency" && (ms < 50 || ms > 500) {
		t.Fatalf("a latency of %d ms", ms)
	}
}
