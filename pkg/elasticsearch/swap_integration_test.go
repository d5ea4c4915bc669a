//go:build integration

package elasticsearch

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"aforro/elastic"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// Searches go on without a gap while one version takes over from another.
func TestSwappingFailsNoSearch(t *testing.T) {
	t.Parallel()
	c, first := MustLive(t, document(1, "Lamp"))
	second := MustIndex(t, c)
	MustStore(t, c, second, []search.Document{document(1, "Lamp")})
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				page, err := c.Search(t.Context(), filled(search.Params{Query: "lamp"}))
				if err != nil || page.Count != 1 {
					t.Errorf("while swapping: count %d, %v", page.Count, err)
					return
				}
			}
		})
	}
	for i := range 20 {
		MustSwap(t, c, []string{second, first}[i%2])
	}
	MustSwap(t, c, second)
	if err := c.DeleteIndex(t.Context(), first); err != nil {
		t.Error(err)
	}
	close(done)
	wg.Wait()
}

// Each word of a group of synonyms finds what has another of the group.
func TestEverySynonymIsUnderstood(t *testing.T) {
	t.Parallel()
	var docs []search.Document
	var groups [][]string
	for _, line := range elastic.Synonyms() {
		var group []string
		for word := range strings.SplitSeq(line, ",") {
			group = append(group, strings.TrimSpace(word))
			docs = append(docs, document(int64(len(docs)+1), strings.TrimSpace(word)))
		}
		groups = append(groups, group)
	}
	c, _ := MustLive(t, docs...)
	id := int64(1)
	for _, group := range groups {
		for range group {
			for _, word := range group {
				ids := idsOf(MustSearch(t, c, search.Params{Query: word, PageSize: 100}))
				if !slices.Contains(ids, id) {
					t.Errorf("%q does not find product %d of %q", word, id, group)
				}
			}
			id++
		}
	}
}

// Numbering goes on after the highest, and foreign names are none of ours.
func TestVersionsAreNumbered(t *testing.T) {
	t.Parallel()
	c, first := MustLive(t)
	node := mustNode(t)
	testkit.ESRequest(t, "PUT", node+"/"+c.alias+"-000041", "{}")
	testkit.ESRequest(t, "PUT", node+"/"+c.alias+"-backup", "{}")
	if next := MustIndex(t, c); first != c.alias+"-000001" || next != c.alias+"-000042" {
		t.Errorf("versions %s and %s", first, next)
	}
	versions, err := c.Indices(t.Context())
	if err != nil || len(versions) != 3 || versions[1].Current || !versions[2].Current {
		t.Errorf("%+v, %v", versions, err)
	}
}
