//go:build integration

package indexer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"aforro/indexer"
	"aforro/pkg/fault"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// change is one random change of a shop of n products, as psql would make it.
func change(r *rand.Rand, n int) string {
	id, other, store := 1+r.IntN(n), 1+r.IntN(n), 1+r.IntN(2)
	switch r.IntN(20) {
	case 0:
		return fmt.Sprintf("UPDATE products SET active = NOT active WHERE id = %d", id)
	case 1:
		return fmt.Sprintf("DELETE FROM products WHERE id = %d", id)
	case 2:
		return fmt.Sprintf("INSERT INTO products (id, sku, title, category_id, price) VALUES (%d, 'n', 'New %d', %d, 5) ON CONFLICT DO NOTHING", id, id, 1+r.IntN(3))
	case 3:
		return fmt.Sprintf("DELETE FROM inventory WHERE product_id = %d AND store_id = %d", id, store)
	case 4:
		return fmt.Sprintf("UPDATE products SET category_id = 1 + category_id %% 3 WHERE id IN (%d, %d)", id, other)
	case 5:
		return fmt.Sprintf("BEGIN; UPDATE products SET title = 'Never' WHERE id = %d; ROLLBACK", id)
	case 6, 7, 8:
		return fmt.Sprintf("UPDATE products SET title = 'Title %d', price = %d WHERE id = %d", r.IntN(1000), r.IntN(1000), id)
	}
	return fmt.Sprintf("INSERT INTO inventory SELECT %d, id, %d FROM products WHERE id = %d ON CONFLICT (store_id, product_id) DO UPDATE SET quantity = excluded.quantity", store, r.IntN(5), id)
}

// meddle makes n random changes in each of some connections.
func (s *shop) meddle(wg *sync.WaitGroup, connections, n, products int) {
	for c := range connections {
		conn := testkit.Conn(s.tb, s.url)
		wg.Go(func() { meddleOne(s.tb, conn, rand.New(rand.NewPCG(1, uint64(c))), n, products) })
	}
}

func meddleOne(tb testing.TB, conn *pgx.Conn, r *rand.Rand, n, products int) {
	for range n {
		sql := change(r, products)
		if _, err := conn.Exec(tb.Context(), sql); err != nil && !strings.Contains(err.Error(), "SQLSTATE 40P01") && !strings.Contains(err.Error(), "SQLSTATE 23503") {
			tb.Errorf("%s: %v", sql, err)
		}
	}
}

func TestTenThousandRandomChangesDuringAnImport(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(2000)
	s.opts.BulkSize = 200
	s.started()
	var wg sync.WaitGroup
	s.meddle(&wg, 4, 2500, 2000)
	loader := testkit.Conn(t, s.url)
	wg.Go(func() {
		for n := range 10 {
			_, err := loader.Exec(t.Context(), `INSERT INTO products (id, sku, title, category_id, price)
				SELECT n, 'i' || n, 'Imported ' || n, 1 + n % 3, 1 FROM generate_series($1::int, $2::int) n`, 10_000+n*500, 10_499+n*500)
			if err != nil {
				t.Error(err)
			}
		}
	})
	// A comparison in the middle of it all gives no false alarm.
	s.mustEqual()
	wg.Wait()
	s.exec("UPDATE categories SET name = 'Rodents' WHERE id = 1")
	r := s.mustEqual()
	t.Logf("%+v", r)
}

// noProgress is for callers that show none.
func noProgress(indexer.Step, int64, int64) {}

func TestReindexDuringWritesLosesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(3000)
	s.started()
	first := s.live().Name
	var wg sync.WaitGroup
	s.meddle(&wg, 3, 1000, 3000)
	result, err := indexer.NewReindexer(s.opts).Run(t.Context(), noProgress)
	if err != nil {
		t.Fatal(err)
	}
	if result.Previous != first || s.live().Name != result.Index || result.Index == first {
		t.Errorf("%+v", result)
	}
	wg.Wait()
	s.mustEqual()
	// The one before is kept, and as true as the live one.
	old, err := indexer.NewVerifier(s.opts).Index(t.Context(), first, func(int64, int64) {})
	if err != nil || old.Differences() != 0 {
		t.Errorf("%+v, %v", old, err)
	}
	// The next reindex keeps that one and removes the first.
	if _, err := indexer.NewReindexer(s.opts).Run(t.Context(), noProgress); err != nil {
		t.Fatal(err)
	}
	versions, err := s.engine.Indices(t.Context())
	if err != nil || len(versions) != 2 || versions[0].Name != result.Index {
		t.Errorf("%+v, %v", versions, err)
	}
	s.mustEqual()
}

func TestCancelledReindexLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(1000)
	s.started()
	first := s.live().Name
	ctx, cancel := context.WithCancel(t.Context())
	_, err := indexer.NewReindexer(s.opts).Run(ctx, func(indexer.Step, int64, int64) { cancel() })
	if err == nil {
		t.Error("it ended well")
	}
	versions, err := s.engine.Indices(t.Context())
	if err != nil || len(versions) != 1 || versions[0].Name != first {
		t.Errorf("%+v, %v", versions, err)
	}
	s.exec("UPDATE products SET title = 'After' WHERE id = 1")
	s.arrives(1)
}

func TestReindexWithoutALiveIndex(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if _, err := indexer.NewReindexer(s.opts).Run(t.Context(), noProgress); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
}

// Each kind of difference is found and named, in each part of the index.
func TestVerifyNamesDifferences(t *testing.T) {
	t.Parallel()
	for _, part := range search.Parts {
		t.Run(string(part), func(t *testing.T) {
			t.Parallel()
			verifyNamesDifferences(t, part)
		})
	}
}

func verifyNamesDifferences(t *testing.T, part search.Part) {
	s := newShop(t).stock(300)
	s.started()
	base := s.node + "/" + strings.Replace(s.live().Name, string(search.Products), string(part), 1)
	testkit.ESRequest(t, "DELETE", base+"/_doc/10", "")
	testkit.ESRequest(t, "PUT", base+"/_doc/20", strings.Replace(s.projectPart(20, part), "Product 20", "Product 21", 1))
	testkit.ESRequest(t, "PUT", base+"/_doc/5000", strings.Replace(s.projectPart(30, part), `"id":30`, `"id":5000`, 1))
	r, err := indexer.NewVerifier(s.opts).Live(t.Context(), func(int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(r.Missing.IDs, r.Different.IDs, r.Extra.IDs) != "[10] [20] [5000]" || r.Differences() != 3 {
		t.Errorf("%+v", r)
	}
}
