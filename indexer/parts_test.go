//go:build integration

package indexer_test

import (
	"strings"
	"testing"

	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// An index of a program that had no titles is replaced when the indexer starts,
// and one that loses a part while nothing changes is replaced as well.
func TestAnIndexWithoutAPartIsReplaced(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(100)
	_, stop := s.started()
	stop()
	titles := func() string {
		return s.node + "/" + strings.Replace(s.live().Name, string(search.Products), string(search.Titles), 1)
	}
	first := s.live()
	testkit.ESRequest(t, "DELETE", titles(), "")
	s.started()
	second := s.live()
	if !second.Whole || !second.Meta.CreatedAt.After(first.Meta.CreatedAt) {
		t.Errorf("live is %+v, before %+v", second, first)
	}
	s.mustEqual()
	testkit.ESRequest(t, "DELETE", titles(), "")
	testkit.Eventually(t, patience, "another index is live", func() bool {
		versions, err := s.engine.Indices(t.Context())
		return err == nil && len(versions) == 1 && versions[0].Live && versions[0].Whole && versions[0].Meta.CreatedAt.After(second.Meta.CreatedAt)
	})
	s.mustEqual()
}
