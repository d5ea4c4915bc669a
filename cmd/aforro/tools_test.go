//go:build integration

package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"aforro/pkg/testkit"
)

func TestMigrateUpDownAndStatus(t *testing.T) {
	t.Parallel()
	vars := map[string]string{postgresURL: testkit.Postgres(t)}
	run := func(args ...string) string {
		out, err := command(t, vars, append([]string{"migrate"}, args...)...)
		if err != nil {
			t.Fatalf("aforro migrate %v: %v", args, err)
		}
		return out
	}
	// missing counts the steps that are not applied.
	missing := func() int { return strings.Count(run("status"), "not applied") }
	steps := strings.Count(run("status"), "\n")
	if steps < 4 || missing() != 0 {
		t.Fatalf("the status of a migrated database:\n%s", run("status"))
	}
	run("down")
	if lines := strings.Split(strings.TrimSpace(run("status")), "\n"); missing() != 1 || !strings.HasSuffix(lines[steps-1], "not applied") {
		t.Errorf("after one step down:\n%s", run("status"))
	}
	run("down", "--to", "0")
	if missing() != steps {
		t.Errorf("after all steps down:\n%s", run("status"))
	}
	if _, err := command(t, vars, "migrate", "down"); err == nil {
		t.Error("a step below the first was taken back")
	}
	run()
	run()
	if missing() != 0 {
		t.Errorf("after all steps up again:\n%s", run("status"))
	}
}

// A broken file: the bad lines are named, the good ones are in.
func TestABrokenFileNamesItsBadLines(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	products := mustWrite(t, "products.ndjson", []byte(`{"id": 1, "sku": "a", "title": "Good one", "category": "Mice", "price": 1.10}
{"id": 2, "sku": "b", "title": "No price", "category": "Mice"}
this is no JSON
{"id": 4, "sku": "d", "title": "Good two", "category": "Mice", "price": "2.20"}
{"id": 5, "sku": "e", "title": "Too exact", "category": "Mice", "price": 1.005}
`))
	out := s.mustAforro("import", "products", products)
	if !strings.Contains(out, "2 new") || !strings.Contains(out, "3 refused") || !strings.Contains(out, products+".refused.ndjson") {
		t.Errorf("it says: %s", out)
	}
	mustName(t, products+".refused.ndjson", `"line":2,`, `"line":3,`, `"line":5,`)
	if n := s.number(`SELECT count(*) FROM products WHERE price IN (1.10, 2.20)`); n != 2 {
		t.Errorf("%d good products are in, want 2", n)
	}
	stock := mustWrite(t, "stock.csv", []byte("store_id,product_id,quantity\n1,1,5\n1,99,5\n77,1,5\n2,4,-1\n2,4,7\n"))
	refused := mustWrite(t, "refused.ndjson", nil)
	s.mustAforro("import", "stock", stock, "--report", refused)
	mustName(t, refused, `"line":3,`, `"line":4,`, `"line":5,`)
	if n := s.pieces(); n != 12 {
		t.Errorf("%d pieces are in, want 12", n)
	}
}

// mustName fails unless the file has exactly one line for each of the texts.
func mustName(tb testing.TB, path string, texts ...string) {
	tb.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if n := strings.Count(string(content), "\n"); n != len(texts) {
		tb.Errorf("%d refused rows, want %d:\n%s", n, len(texts), content)
	}
	for _, text := range texts {
		if !strings.Contains(string(content), text) {
			tb.Errorf("%s is not in:\n%s", text, content)
		}
	}
}

// A verification that finds something says what, and fails; a repair mends it.
func TestVerifyNamesAndRepairs(t *testing.T) {
	t.Parallel()
	s := open(t)
	lost := strconv.FormatInt(s.ware(9, 1, 0).id, 10)
	index := s.direct["AFORRO_INDEX_PREFIX"] + "-products"
	testkit.ESRequest(t, "POST", s.direct[elasticsearchURL]+"/"+index+"/_delete_by_query?refresh=true", `{"query": {"term": {"id": `+lost+`}}}`)
	named := mustWrite(t, "differences.txt", nil)
	out, err := command(t, s.direct, "verify", "--report", named)
	if err == nil || !strings.Contains(out, ", 1 differences (quick)") || !strings.Contains(out, "missing in the index: 1 (products "+lost+")") {
		t.Errorf("it says: %v %s", err, out)
	}
	mustName(t, named, "missing\tproducts\t"+lost+"\n")
	if out, err = command(t, s.direct, "verify", "--full", "--json"); err == nil || !strings.Contains(out, `"differences":[{"kind":"missing","part":"products","id":`+lost+`}]`) {
		t.Errorf("it says: %v %s", err, out)
	}
	if out := s.mustAforro("verify", "--repair"); !strings.Contains(out, "1 found, 1 repaired, 0 left") {
		t.Errorf("it says: %s", out)
	}
	s.mustEqual(1)
}
