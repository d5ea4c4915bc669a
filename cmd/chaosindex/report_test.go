package main

import (
	"strings"
	"testing"
	"time"
)

func TestWhatDidNotHealIsOff(t *testing.T) {
	t.Parallel()
	good := healing{fault: faults[0], searchable: time.Second, whole: 2 * time.Second}
	slow := healing{fault: faults[0], searchable: 3 * time.Second, whole: 9 * time.Second}
	if v := healed([]healing{good, slow}); !v.OK() {
		t.Errorf("found %v", v.Examples)
	}
	bad := healing{fault: faults[1], found: "3 differences"}
	if v := healed([]healing{good, bad}); v.Count != 1 || !strings.Contains(v.Examples[0], "3 differences") || !strings.Contains(v.Examples[0], faults[1].name) {
		t.Errorf("found %v", v.Examples)
	}
	rows := table([]healing{good, slow, bad})
	if len(rows) != 2+len(faults) {
		t.Fatalf("%d rows", len(rows))
	}
	for i, wanted := range []string{"  2    1.0 /   3.0      2.0 /   9.0    healed", "NOT HEALED", "not tried"} {
		if !strings.Contains(rows[2+i], wanted) {
			t.Errorf("%q has no %q", rows[2+i], wanted)
		}
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	if got := spread([]time.Duration{9 * time.Second, time.Second, 2 * time.Second}); got != "  2.0 /   9.0" {
		t.Errorf("got %q", got)
	}
	if got := spread(nil); got != "-" {
		t.Errorf("got %q", got)
	}
}

func TestReindexesThatAllFailAreOff(t *testing.T) {
	t.Parallel()
	if v := (&reindexes{failed: 3}).verdict(); v.OK() {
		t.Error("a run without a reindex that succeeded is fine")
	}
	if v := (&reindexes{done: 1, failed: 3}).verdict(); !v.OK() {
		t.Errorf("found %v", v.Examples)
	}
}

func TestFaultsAreChosenByName(t *testing.T) {
	t.Parallel()
	for pattern, wanted := range map[string]int{"": len(faults), "^the slot is dropped$": 1, "nothing like this": 0, "(": 0} {
		if chosen, err := choose(pattern); len(chosen) != wanted || (err == nil) != (wanted > 0) {
			t.Errorf("%q: %d faults, %v", pattern, len(chosen), err)
		}
	}
}
