package main

import "testing"

func TestTally(t *testing.T) {
	t.Parallel()
	entries, f := good()
	entries[1].retries, entries[1].took = 3, 9
	f.orders[2].Took = 7
	got := count(entries, f, []fault{{kind: "hang"}, {kind: "hang"}, {kind: "latency"}})
	if got.placed != 6 || got.acknowledged != 4 || got.retries != 3 || got.slowestAck != entries[1] || got.slowestDecision.ID != 3 ||
		got.faults["hang"] != 2 || got.byStatus[confirmed] != 2 {
		t.Errorf("got %+v", got)
	}
	if v := got.trial(); !v.OK() {
		t.Errorf("it was a trial: %v", v.Examples)
	}
}

// A run in which nothing happened proves nothing.
func TestNoTrial(t *testing.T) {
	t.Parallel()
	if v := count(nil, facts{}, nil).trial(); v.Count != 4 {
		t.Errorf("found %v", v.Examples)
	}
}
