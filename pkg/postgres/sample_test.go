//go:build integration

package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"aforro/pkg/postgres"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

func mustSave(tb testing.TB, d *postgres.DB, newADay, days int, counts ...search.QueryCount) {
	tb.Helper()
	if err := d.SaveSample(tb.Context(), counts, newADay, days); err != nil {
		tb.Fatal(err)
	}
}

func mustSample(tb testing.TB, d *postgres.DB, limit int) []string {
	tb.Helper()
	list, err := d.Sample(tb.Context(), 30, limit)
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

func TestASampleIsAddedUpAndBounded(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	mustSave(t, d, 3, 30, search.QueryCount{Query: "mouse", Searches: 2}, search.QueryCount{Query: "cable", Searches: 5})
	// One more is new on this day, the one searched for most; what is known counts on.
	mustSave(t, d, 3, 30, search.QueryCount{Query: "mouse", Searches: 4}, search.QueryCount{Query: "a", Searches: 1}, search.QueryCount{Query: "z", Searches: 3})
	mustSave(t, d, 3, 30, search.QueryCount{Query: "b", Searches: 9}, search.QueryCount{Query: "z", Searches: 1})
	if got := mustSample(t, d, 10); !slices.Equal(got, []string{"mouse", "cable", "z"}) {
		t.Error(got)
	}
	if got := mustSample(t, d, 2); !slices.Equal(got, []string{"mouse", "cable"}) {
		t.Error(got)
	}
}

func TestASampleForgetsOldDays(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, conn := testkit.Open(t, url), testkit.Conn(t, url)
	mustExec(t, conn, `INSERT INTO query_sample (day, query) SELECT current_date - n, 'day ' || n FROM generate_series(0, 40) n`)
	if got := mustSample(t, d, 100); len(got) != 30 || slices.Contains(got, "day 30") {
		t.Error(len(got), got)
	}
	rows := func() (n int) {
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM query_sample").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	mustSave(t, d, 2000, 30, search.QueryCount{Query: "mouse", Searches: 1})
	if n := rows(); n != 31 {
		t.Errorf("%d rows are kept", n)
	}
	// Turned off: everything goes.
	mustSave(t, d, 2000, 0)
	if n := rows(); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

// Several processes save the same queries at once: none waits for ever, none is lost.
func TestSamplesAreSavedSideBySide(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	d, conn := testkit.Open(t, url), testkit.Conn(t, url)
	var wg sync.WaitGroup
	for p := range 4 {
		wg.Go(func() {
			for range 20 {
				var counts []search.QueryCount
				for n := range 50 {
					counts = append(counts, search.QueryCount{Query: fmt.Sprint("query ", (n*7+p*13)%50), Searches: 1})
				}
				if err := d.SaveSample(t.Context(), counts, 2000, 30); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var queries, searches int64
	if err := conn.QueryRow(t.Context(), "SELECT count(*), sum(searches) FROM query_sample").Scan(&queries, &searches); err != nil || queries != 50 || searches != 4*20*50 {
		t.Errorf("%d queries, %d searches, %v", queries, searches, err)
	}
}
