//go:build integration

package postgres_test

import (
	"fmt"
	"slices"
	"testing"

	"aforro/pkg/postgres"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// hashesOf reads the hashes of a product on every path there is; they are one.
func hashesOf(t *testing.T, d *postgres.DB, id int64) search.ProductHash {
	t.Helper()
	one, err := d.Project(t.Context(), []int64{id})
	if err != nil || len(one) != 1 {
		t.Fatal(len(one), err)
	}
	want := search.ProductHash{ID: id, Hash: one[0].Hash, TitlesHash: one[0].TitlesHash}
	page, err := d.ProjectAfter(t.Context(), id-1, 1)
	if err != nil || len(page.Documents) != 1 {
		t.Fatal(len(page.Documents), err)
	}
	if got := page.Documents[0]; got.Hash != want.Hash || got.TitlesHash != want.TitlesHash {
		t.Errorf("ProjectAfter: %+v, Project: %+v", got, want)
	}
	list, err := d.Hashes(t.Context(), search.Span{After: id - 1, UpTo: id}, 10)
	if err != nil || !slices.Equal(list, []search.ProductHash{want}) {
		t.Errorf("Hashes: %v, %v, want %v", list, err, want)
	}
	sum, err := d.SumAfter(t.Context(), id-1, 1)
	if err != nil || sum != (search.ProductSum{Products: 1, Last: id, Hash: want.Hash, TitlesHash: want.TitlesHash}) {
		t.Errorf("SumAfter: %+v, %v, want %+v", sum, err, want)
	}
	return want
}

// Whatever a document is made of is in its hash, and nothing else is.
func TestHashesChangeWithWhatDocumentsAreMadeOf(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, conn := testkit.Open(t, url), testkit.Conn(t, url)
	mustExec(t, conn, someStock)
	for _, c := range []struct {
		sql             string
		product, titles bool
	}{
		{`UPDATE products SET sku = 'A' WHERE id = 1`, true, false},
		{`UPDATE products SET title = 'A  mouse' WHERE id = 1`, true, true},
		{`UPDATE products SET description = 'x' WHERE id = 1`, true, false},
		{`UPDATE products SET description = '', brand = 'x' WHERE id = 1`, true, true},
		{`UPDATE products SET category_id = 2 WHERE id = 1`, true, true},
		{`UPDATE categories SET name = 'Boards' WHERE id = 2`, true, true},
		{`UPDATE products SET price = 1.01 WHERE id = 1`, true, false},
		{`UPDATE products SET gtin = 'x' WHERE id = 1`, true, false},
		{`UPDATE products SET gtin = NULL, image_url = 'x' WHERE id = 1`, true, false},
		{`UPDATE products SET released_on = '2020-02-02' WHERE id = 1`, true, false},
		{`UPDATE products SET attributes = '{"a": 1.0}' WHERE id = 1`, true, false},
		{`UPDATE products SET attributes = '{"a": 1.00}' WHERE id = 1`, true, false},
		{`UPDATE products SET attributes = '{"a": 1.00, "type": "mouse"}' WHERE id = 1`, true, true},
		{`UPDATE products SET attributes = '{"a": 1.00, "product_type": "mouse"}' WHERE id = 1`, true, true},
		{`UPDATE products SET attributes = '{"a": 1.00, "device_type": "mouse"}' WHERE id = 1`, true, true},
		{`UPDATE products SET attributes = '{"a": 1.00}' WHERE id = 1`, true, true},
		{`UPDATE inventory SET quantity = 6 WHERE product_id = 1 AND store_id = 7`, true, false},
		{`UPDATE inventory SET held = 1 WHERE product_id = 1 AND store_id = 7`, true, false},
		{`UPDATE inventory SET quantity = CASE store_id WHEN 7 THEN 1 ELSE 5 END WHERE product_id = 1`, true, false},
		{`DELETE FROM inventory WHERE product_id = 1 AND store_id = 8`, true, true},
		{`DELETE FROM inventory WHERE product_id = 1`, true, true},
		// What no document shows.
		{`UPDATE products SET gtin = '', attributes = '{"a":   1.00}', updated_at = now() WHERE id = 1`, false, false},
		{`UPDATE stores SET name = 'Z'`, false, false},
	} {
		before := hashesOf(t, d, 1)
		mustExec(t, conn, c.sql)
		after := hashesOf(t, d, 1)
		if (before.Hash != after.Hash) != c.product || (before.TitlesHash != after.TitlesHash) != c.titles {
			t.Errorf("%s: %+v became %+v", c.sql, before, after)
		}
	}
}

// Products alike in all but their ids have other hashes, and all are small
// enough for exact sums.
func TestHashesAreSummedExactly(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, conn := testkit.Open(t, url), testkit.Conn(t, url)
	mustExec(t, conn, `INSERT INTO categories (id, name) VALUES (1, 'Mice')`)
	mustExec(t, conn, `INSERT INTO products (id, sku, title, category_id, price, active)
		SELECT n * 1000003, 's', 'Product', 1, 1, n % 10 <> 0 FROM generate_series(-50, 5000::bigint) n`)
	var sums, list search.ProductSum
	for after, more := search.Everywhere.After, true; more; {
		s, err := d.SumAfter(t.Context(), after, search.HashesSummed)
		if err != nil {
			t.Fatal(err)
		}
		if s.Hash >= 1<<52 || s.TitlesHash >= 1<<52 {
			t.Errorf("the sums may not be exact: %+v", s)
		}
		sums.Products, sums.Hash, sums.TitlesHash = sums.Products+s.Products, sums.Hash+s.Hash, sums.TitlesHash+s.TitlesHash
		more = s.Products == search.HashesSummed
		after = s.Last
	}
	seen := map[int64]bool{}
	all, err := d.Hashes(t.Context(), search.Everywhere, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		if seen[h.Hash] || seen[h.TitlesHash] || h.Hash < 0 || h.Hash >= 1<<40 || h.TitlesHash < 0 || h.TitlesHash >= 1<<40 {
			t.Fatalf("%+v", h)
		}
		seen[h.Hash], seen[h.TitlesHash] = true, true
		list.Products, list.Hash, list.TitlesHash = list.Products+1, list.Hash+h.Hash, list.TitlesHash+h.TitlesHash
	}
	if sums != list || sums.Products != 4545 {
		t.Errorf("summed %+v, listed %+v", sums, list)
	}
}

// A row that went and came back is not the same, though it looks so.
func TestStampsTellThatARowCameBack(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, conn := testkit.Open(t, url), testkit.Conn(t, url)
	mustExec(t, conn, someStock)
	stamps := func() map[int64]int64 {
		s, err := d.Stamps(t.Context(), []int64{1, 2, 99})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := stamps()
	mustExec(t, conn, `UPDATE products SET active = false WHERE id = 1`)
	if s := stamps(); len(s) != 1 || s[2] != before[2] {
		t.Errorf("%v became %v", before, s)
	}
	mustExec(t, conn, `UPDATE products SET active = true WHERE id = 1`)
	if s := stamps(); len(s) != 2 || s[1] == before[1] {
		t.Errorf("%v became %v", before, s)
	}
}

func TestWhatIsAskedForComesThroughTheStream(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, conn := testkit.Open(t, url), testkit.Conn(t, url)
	slot := mustSlot(t, d)
	stream := mustOpen(t, slot)
	var ids []int64
	for n := range int64(2500) {
		ids = append(ids, n*n-7)
	}
	at, err := d.AskFor(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	events := mustTransaction(t, stream)
	var got []int64
	for _, e := range events[1 : len(events)-1] {
		if e.Kind != search.ProductChanged || e.Change != search.Anything {
			t.Fatalf("%+v", e)
		}
		got = append(got, e.ID)
	}
	if !slices.Equal(got, ids) || events[len(events)-1].Position > at {
		t.Errorf("asked for %d at %d, came %d, then %+v", len(ids), at, len(got), events[len(events)-1])
	}
	// Without ids there is only a position to wait for.
	if _, err := d.AskFor(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if events = mustTransaction(t, stream); len(events) != 2 {
		t.Errorf("%+v", events)
	}
	// What is not understood is left alone.
	for _, content := range []string{"products:1,,x,99999999999999999999,2", "other:1", ""} {
		mustExec(t, conn, fmt.Sprintf(`SELECT pg_logical_emit_message(true, 'aforro', '%s')`, content))
		n := 2
		if content != "" && content[0] == 'p' {
			n = 4
		}
		if events = mustTransaction(t, stream); len(events) != n {
			t.Errorf("%s: %+v", content, events)
		}
	}
}
