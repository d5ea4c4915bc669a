//go:build integration

package indexer_test

import (
	"strings"
	"testing"
	"time"

	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// The running check finds and mends whatever is wrong, without a hand, and counts
// it; what is right it leaves alone.
func TestRunningCheckMendsTheIndex(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	s.opts.VerifyRate, s.opts.VerifyAfter = 5000, 10*time.Millisecond
	s.started()
	passes := func(n float64) {
		t.Helper()
		want := s.metric("aforro_indexer_verified_total") + 300*n
		testkit.Eventually(t, patience, "the running check makes a pass", func() bool { return s.metric("aforro_indexer_verified_total") >= want })
	}
	passes(2)
	if n := s.metric("aforro_indexer_differences_total"); n != 0 {
		t.Errorf("%g differences in a clean index", n)
	}
	products, titles := s.index(search.Products), s.index(search.Titles)
	meddled(t, "DELETE", products+"/_doc/10?refresh=true", "")
	meddled(t, "PUT", products+"/_doc/20?refresh=true", strings.Replace(s.project(20), "Product 20", "Product 21", 1))
	meddled(t, "PUT", titles+"/_doc/5000?refresh=true", strings.Replace(s.projectPart(30, search.Titles), `"id":30`, `"id":5000`, 1))
	meddled(t, "PUT", titles+"/_doc/x?refresh=true", s.projectPart(30, search.Titles))
	s.arrives(10)
	s.arrives(20)
	testkit.Eventually(t, patience, "all is mended", func() bool { return s.verified(ways["full"]).Differences() == 0 })
	if n := s.metric("aforro_indexer_differences_total"); n != 4 {
		t.Errorf("%g differences were counted, want 4", n)
	}
}
