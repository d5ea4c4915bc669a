package indexer

import "testing"

func TestAReadingIsBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ size, senders, want int }{{500, 3, 1500}, {5000, 32, mostRead}} {
		x := New(Options{BulkSize: c.size, Senders: c.senders})
		if got := x.page(); got != c.want {
			t.Errorf("%d documents times %d senders: %d are read at once, want %d", c.size, c.senders, got, c.want)
		}
	}
}
