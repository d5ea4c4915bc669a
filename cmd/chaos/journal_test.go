package main

import "testing"

func TestWhatMayFollow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after string
		asked, may    bool
	}{
		{"", pending, false, true}, {"", confirmed, false, true}, {"", rejected, false, true}, {"", cancelled, false, false}, {"", "", false, false},
		{pending, pending, false, true}, {pending, confirmed, false, true}, {pending, rejected, false, true}, {pending, cancelled, true, false},
		{confirmed, confirmed, false, true}, {confirmed, confirmed, true, true}, {confirmed, cancelled, true, true},
		{confirmed, cancelled, false, false}, {confirmed, rejected, true, false}, {confirmed, pending, false, false},
		{rejected, rejected, false, true}, {rejected, confirmed, false, false}, {rejected, cancelled, true, false}, {rejected, pending, false, false},
		{cancelled, cancelled, true, true}, {cancelled, confirmed, true, false},
	} {
		e := entry{status: c.before, cancelAsked: c.asked}
		if may := e.saw(c.after); may != c.may || e.status != c.after {
			t.Errorf("%q after %q (cancellation asked for: %t): %t, now %q", c.after, c.before, c.asked, may, e.status)
		}
	}
}
