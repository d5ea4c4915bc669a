//go:build integration

package elasticsearch

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aforro/demo"
	"aforro/pkg/search"
)

var update = flag.Bool("update", false, "write testdata/relevance.txt anew")

// leastNDCG is the bar for the demo's judged queries, leastTypos for the same with
// one typo, which the golden file calls typosMean; mostDrop is how far a mean
// may fall below the golden file, which is about what changes by chance.
const (
	leastNDCG  = .79
	leastTypos = .70
	mostDrop   = .02
	typosMean  = "NDCG@10 with typos"
)

// The ranking is judged as a whole. When it was changed on purpose:
// go test -tags integration ./pkg/elasticsearch -run Relevance -update
func TestRelevanceOfJudgedQueries(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	judged, err := search.ReadJudgments(bytes.NewReader(demo.Judgments))
	if err != nil {
		t.Fatal(err)
	}
	report, err := search.Evaluate(t.Context(), s.Client, judged)
	if err != nil {
		t.Fatal(err)
	}
	if report.Mean.NDCG < leastNDCG || len(report.Empty) > 0 {
		t.Errorf("NDCG@10 is %.3f, want %.2f; without results: %q", report.Mean.NDCG, leastNDCG, report.Empty)
	}
	typos, err := search.Evaluate(t.Context(), s.Client, search.MissTyped(judged, 1))
	if err != nil {
		t.Fatal(err)
	}
	if typos.Mean.NDCG < leastTypos {
		t.Errorf("with one typo NDCG@10 is %.3f, want %.2f", typos.Mean.NDCG, leastTypos)
	}
	golden := filepath.Join("testdata", "relevance.txt")
	got := goldenOf(report, typos)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	compareMeans(t, report.Mean, typos.Mean.NDCG, string(want))
	if t.Failed() {
		t.Logf("what changed (- golden, + now):\n%s", changed(string(want), got))
	}
}

// means of a report, in the order of the golden file.
func means(m *search.Measures) map[string]*float64 {
	return map[string]*float64{"NDCG@10": &m.NDCG, "cond": &m.Cond, "judged": &m.Share, "MRR": &m.MRR, "recall@50": &m.Recall}
}

// goldenOf lists the means, and for each query its NDCG@10 and the first ten
// products.
func goldenOf(r, typos search.Report) string {
	var text strings.Builder
	for _, name := range []string{"NDCG@10", "cond", "judged", "MRR", "recall@50"} {
		fmt.Fprintf(&text, "%s %.3f\n", name, *means(&r.Mean)[name])
	}
	fmt.Fprintf(&text, "%s %.3f\n", typosMean, typos.Mean.NDCG)
	for _, q := range r.Queries {
		fmt.Fprintf(&text, "%s: %.3f %v\n", q.Query, q.NDCG, q.Results[:min(10, len(q.Results))])
	}
	return text.String()
}

func compareMeans(t *testing.T, now search.Measures, typos float64, golden string) {
	t.Helper()
	all := means(&now)
	all[typosMean] = &typos
	for name, mean := range all {
		var was float64
		_, line, _ := strings.Cut("\n"+golden, "\n"+name+" ")
		if _, err := fmt.Sscanf(line, "%f", &was); err != nil {
			t.Fatalf("%s is not in the golden file: %v", name, err)
		}
		if *mean < was-mostDrop {
			t.Errorf("mean %s fell from %.3f to %.3f", name, was, *mean)
		}
	}
}

// changed gives the lines that differ.
func changed(was, now string) string {
	var text strings.Builder
	for _, d := range []struct{ sign, from, other string }{{"-", was, now}, {"+", now, was}} {
		for line := range strings.Lines(d.from) {
			if !strings.Contains("\n"+d.other, "\n"+line) {
				text.WriteString(d.sign + " " + line)
			}
		}
	}
	return text.String()
}
