//go:build integration

package indexer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"aforro/elastic"
	"aforro/indexer"
	"aforro/pkg/elasticsearch"
	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// things all begin alike: whoever keeps one letter cannot tell them apart.
var things = []string{"basket", "bench", "bottle", "bowl", "brush", "bucket", "blanket", "bracket", "bulb", "buckle"}

// things fills the shop with 30 of each thing, and gives a judged query for each.
func (s *shop) things() (judged []search.Judged, queries []string) {
	s.tb.Helper()
	s.exec(`INSERT INTO categories (id, name) VALUES (1, 'Household')`)
	for at, thing := range things {
		j := search.Judged{Query: thing, Ratings: map[int64]int{}}
		for n := range 30 {
			id := int64(1 + at + n*len(things))
			j.Ratings[id] = 3
			s.exec(`INSERT INTO products (id, sku, title, category_id, price) VALUES ($1::bigint, 'x' || $1, $2, 1, 5)`, id, fmt.Sprintf("Grey %s %d", thing, n))
		}
		judged, queries = append(judged, j), append(queries, thing)
	}
	return judged, queries
}

// crippled is the definition with an analysis that keeps the first letter of
// each word.
func crippled() elastic.Definition {
	d := elastic.Define()
	analysis := d.Settings["analysis"].(map[string]any)
	analysis["filter"].(map[string]any)["stub"] = map[string]any{"type": "truncate", "length": 1}
	for _, a := range analysis["analyzer"].(map[string]any) {
		a := a.(map[string]any)
		if filters, ok := a["filter"].([]any); ok {
			a["filter"] = append(filters, "stub")
		}
	}
	d.Hash = "crippled"
	return d
}

// judging gives options for a reindex to a definition, judged.
func (s *shop) judging(d elastic.Definition, j indexer.Judging) indexer.Options {
	s.tb.Helper()
	c, err := elasticsearch.New(elasticsearch.Options{URLs: s.node, IndexPrefix: s.prefix, Definition: d})
	if err != nil {
		s.tb.Fatal(err)
	}
	o := s.opts
	j.Engines = c
	j.Limits = search.Limits{NDCGLoss: .02, ZeroGain: .01, Overlap: .6, Slower: 100}
	o.Writer, o.Versions, o.Reader, o.Judging = c, c, c, j
	return o
}

// of gives a fixed sample.
func of(queries []string) func(context.Context) ([]string, error) {
	return func(context.Context) ([]string, error) { return queries, nil }
}

// results are those of a verdict by check.
func results(v search.Verdict) map[search.Check]search.Result {
	all := map[search.Check]search.Result{}
	for _, f := range v {
		all[f.Check] = f.Result
	}
	return all
}

func TestABadAnalyserIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	judged, queries := s.things()
	s.started()
	first := s.live().Name
	result, err := indexer.NewReindexer(s.judging(crippled(), indexer.Judging{Judged: judged, Sample: of(queries)})).Run(t.Context(), noProgress)
	got := results(result.Verdict)
	if !fault.Is(err, fault.Conflict) || got[search.CheckNDCG] != search.Failed || got[search.CheckOverlap] != search.Failed ||
		got[search.CheckDocuments] != search.Passed || got[search.CheckDrift] != search.Passed {
		t.Errorf("%v\n%+v", err, result.Verdict)
	}
	if err == nil || !strings.Contains(err.Error(), "(ndcg)") || !strings.Contains(err.Error(), "(overlap)") || !strings.Contains(err.Error(), first+" stays live") {
		t.Errorf("it says: %v", err)
	}
	var table strings.Builder
	if err := result.Verdict.Print(&table); err != nil {
		t.Fatal(err)
	}
	t.Logf("%v\n%s", err, table.String())
	versions, err := s.engine.Indices(t.Context())
	if err != nil || len(versions) != 1 || versions[0].Name != first || !versions[0].Live || !versions[0].Meta.RetiredAt.IsZero() {
		t.Errorf("%+v, %v", versions, err)
	}
	s.exec("UPDATE products SET title = 'After' WHERE id = 1")
	s.arrives(1)
	s.mustEqual()
}

// The same definition passes all checks, and the index keeps its verdict.
func TestAGoodIndexPasses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	judged, queries := s.things()
	s.started()
	result, err := indexer.NewReindexer(s.judging(elastic.Define(), indexer.Judging{Judged: judged, Sample: of(queries)})).Run(t.Context(), noProgress)
	if err != nil {
		t.Fatal(err)
	}
	for check, got := range results(result.Verdict) {
		if got != search.Passed {
			t.Errorf("%s: %s", check, got)
		}
	}
	meta := s.live().Meta
	if len(result.Verdict) != 6 || meta.Judged == nil || len(meta.Judged.Verdict) != 6 || meta.Judged.Reason != "" || meta.Reindex || !meta.Complete || meta.BuiltTo != 0 {
		t.Errorf("%+v\n%+v", result.Verdict, meta)
	}
}

func TestAnAcceptedCheckIsKeptWithItsReason(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, queries := s.things()
	s.started()
	judging := indexer.Judging{Sample: of(queries)}
	result, err := indexer.NewReindexer(s.judging(crippled(), judging)).Run(t.Context(), noProgress)
	if len(result.Verdict.Refused()) != 1 || result.Verdict.Refused()[0].Check != search.CheckOverlap || err == nil {
		t.Fatalf("%v: %+v", err, result.Verdict)
	}
	judging.Accept, judging.Reason = []search.Check{search.CheckOverlap}, "one letter is enough here"
	result, err = indexer.NewReindexer(s.judging(crippled(), judging)).Run(t.Context(), noProgress)
	if err != nil || results(result.Verdict)[search.CheckOverlap] != search.Accepted {
		t.Fatalf("%v: %+v", err, result.Verdict)
	}
	if j := s.live().Meta.Judged; j == nil || j.Reason != judging.Reason || results(j.Verdict)[search.CheckOverlap] != search.Accepted {
		t.Errorf("the index says %+v", j)
	}
}

// Without judgments of this catalogue and without a sample the checks are skipped, and it says so.
func TestWhatCannotBeJudgedIsSkipped(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	judged, _ := s.things()
	for i := range judged {
		judged[i].Ratings = map[int64]int{1: 3, 900001: 3, 900002: 3}
	}
	s.started()
	result, err := indexer.NewReindexer(s.judging(elastic.Define(), indexer.Judging{Judged: judged})).Run(t.Context(), noProgress)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Verdict {
		skipped := f.Check != search.CheckDocuments && f.Check != search.CheckDrift
		if skipped != (f.Result == search.Skipped) || skipped && f.Why == "" {
			t.Errorf("%+v", f)
		}
	}
	if why := result.Verdict[2].Why; why != "1 of 3 judged products are in this catalogue" {
		t.Error(why)
	}
}
