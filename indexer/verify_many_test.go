//go:build integration

package indexer_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aforro/indexer"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// corrupt does one random thing to a document of a part and says how it is to be
// named. Quick sees it unless unseen.
func (s *shop) corrupt(r *rand.Rand, base string, part search.Part, id int64) (want indexer.Difference, unseen bool) {
	s.tb.Helper()
	want = indexer.Difference{Part: part, ID: id}
	at := fmt.Sprintf("%s/_doc/%d", base, id)
	text := s.projectPart(id, part)
	switch r.IntN(8) {
	case 0, 1:
		meddled(s.tb, "DELETE", at, "")
		want.Kind = indexer.Missing
	case 2, 3:
		want.ID += 1_000_000 * int64(1+r.IntN(3)) * int64(1-2*r.IntN(2))
		want.Kind = indexer.Extra
		meddled(s.tb, "PUT", fmt.Sprintf("%s/_doc/%d", base, want.ID), strings.Replace(text, fmt.Sprintf(`"id":%d`, id), fmt.Sprintf(`"id":%d`, want.ID), 1))
	case 4:
		want.Kind, want.ID, want.Name = indexer.Stray, 0, fmt.Sprintf("x%d", id)
		meddled(s.tb, "PUT", base+"/_doc/"+url.PathEscape(want.Name), text)
	case 5:
		// As it was before a change that never came.
		want.Kind = indexer.Different
		meddled(s.tb, "PUT", at, strings.Replace(text, `"hash":`, `"hash":7`, 1))
	default:
		want.Kind, unseen = indexer.Different, true
		changes := []string{`"title":"Product`, `"title":"Produce`, `"stores":[`, `"stores":[77,`}
		if part == search.Products {
			changes = append(changes, `"price":`, `"price":1`, `"stock":[`, `"stock":[{"store_id":9,"quantity":9},`, `"brand":`, `"brand":"x"`, `"category":"`, `"category":"x`, `"description":"w`, `"description":"W`)
		}
		n := 2 * r.IntN(len(changes)/2)
		changed := strings.Replace(text, changes[n], changes[n+1], 1)
		if changed == text || strings.HasSuffix(changed, "[77,]") {
			changed = strings.Replace(text, changes[0], changes[1], 1)
		}
		meddled(s.tb, "PUT", at, strings.Replace(changed, "[77,]", "[77]", 1))
	}
	return want, unseen
}

func ordered(list []indexer.Difference) []indexer.Difference {
	slices.SortFunc(list, func(a, b indexer.Difference) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Part, b.Part), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// A thousand random corruptions are named, each of them, and mended, each of
// them: by all fields, and by hashes as far as those tell.
func TestAThousandCorruptionsAreNamedAndMended(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(3000)
	s.opts.BulkSize = 250
	s.exec("UPDATE products SET id = id * 7919 WHERE id % 2 = 0 AND id NOT IN (SELECT product_id FROM inventory)")
	s.started()
	r := rand.New(rand.NewPCG(5, 3))
	bases := map[search.Part]string{search.Products: s.index(search.Products), search.Titles: s.index(search.Titles)}
	var all, seen []indexer.Difference
	for n, i := range r.Perm(3000)[:1000] {
		part := search.Parts[n%2]
		want, unseen := s.corrupt(r, bases[part], part, int64(i+1))
		all = append(all, want)
		if !unseen {
			seen = append(seen, want)
		}
	}
	quick := s.verified((*indexer.Verifier).Quick)
	if !slices.Equal(quick.Named, ordered(seen)) {
		t.Errorf("quick names %d: %v; %d are to be named", quick.Differences(), quick.Counts, len(seen))
	}
	full := s.verified((*indexer.Verifier).Live)
	if !slices.Equal(full.Named, ordered(all)) || full.Differences() != 1000 {
		t.Errorf("full names %d: %v; %d are to be named", full.Differences(), full.Counts, len(all))
	}
	t.Logf("quick: %v, full: %v", quick.Counts, full.Counts)
	s.repaired(full)
}

// busily changes the shop from several connections until the end it returns is
// called: at random, and three products some fifty times a second, one of
// which comes and goes.
func (s *shop) busily(products int) (end func()) {
	var wg sync.WaitGroup
	stop := make(chan struct{})
	write := func(sql func(n int) string) {
		conn := testkit.Conn(s.tb, s.url)
		wg.Go(func() {
			pace := time.NewTicker(20 * time.Millisecond)
			defer pace.Stop()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				case <-pace.C:
				}
				if _, err := conn.Exec(s.tb.Context(), sql(n)); err != nil && !strings.Contains(err.Error(), "SQLSTATE 40P01") && !strings.Contains(err.Error(), "SQLSTATE 23503") {
					s.tb.Errorf("%s: %v", sql(n), err)
				}
			}
		})
	}
	for c := range uint64(3) {
		r := rand.New(rand.NewPCG(2, c))
		write(func(int) string { return change(r, products) })
	}
	for id := range 3 {
		write(func(n int) string {
			return fmt.Sprintf("UPDATE products SET title = 'Hot %d', active = %t WHERE id = %d", n, id > 0 || n%2 == 0, products+1+id)
		})
	}
	return sync.OnceFunc(func() {
		close(stop)
		wg.Wait()
	})
}

// While everything changes all the time, products go and come back, and some
// change some fifty times a second, a clean index has no difference.
func TestNoFalseAlarmUnderConstantWrites(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(1000)
	s.opts.BulkSize = 60
	s.started()
	end := s.busily(900)
	defer end()
	for range 3 {
		for name, way := range ways {
			r := s.verified(way)
			if r.Differences() != 0 {
				t.Errorf("%s: %+v", name, r)
			}
			t.Logf("%s: %d compared, %d changing", name, r.Compared, r.Changing)
		}
	}
}

// A corruption is found among constant writes, if nothing overwrites it first.
func TestCorruptionIsFoundUnderConstantWrites(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(1000)
	s.started()
	end := s.busily(900)
	defer end()
	meddled(t, "DELETE", s.index(search.Products)+"/_doc/950", "")
	meddled(t, "PUT", s.index(search.Titles)+"/_doc/960", strings.Replace(s.projectPart(960, search.Titles), `"hash":`, `"hash":7`, 1))
	for name, way := range ways {
		r := s.verified(way)
		if got := fmt.Sprint(r.Named); got != "[{different titles 960 } {missing products 950 }]" {
			t.Errorf("%s: %s", name, got)
		}
	}
	s.repaired(s.verified((*indexer.Verifier).Quick))
}
