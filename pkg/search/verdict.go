package search

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Check is one thing by which a new version of the index is judged before it
// takes over.
type Check string

// The checks, in the order of a Verdict.
const (
	// CheckDocuments: as many documents as there are active products.
	CheckDocuments Check = "documents"
	// CheckDrift: no document differs from what its product's row makes of it.
	CheckDrift Check = "drift"
	// CheckNDCG: NDCG@10 of the judged queries.
	CheckNDCG Check = "ndcg"
	// CheckZero: the share of the judged queries that find nothing.
	CheckZero Check = "zero"
	// CheckOverlap: how much of a query's first ten stays.
	CheckOverlap Check = "overlap"
	// CheckLatency: how long searches take.
	CheckLatency Check = "latency"
)

// Acceptable lists the checks that somebody may accept to fail. An index that
// is not what the database says is never accepted.
func Acceptable() []Check { return []Check{CheckNDCG, CheckZero, CheckOverlap, CheckLatency} }

// Limits are how much worse than the live version a new one may be.
type Limits struct {
	// NDCGLoss is how far the mean NDCG@10 may fall, ZeroGain how far the share of
	// judged queries without results may rise, both of 1.
	NDCGLoss, ZeroGain float64
	// Overlap is the least mean share of the first ten that must stay.
	Overlap float64
	// Slower is how many times as long a search may take.
	Slower float64
}

// Result is what became of a Check.
type Result string

// The results.
const (
	Passed   Result = "passed"
	Failed   Result = "FAILED"
	Skipped  Result = "skipped"
	Accepted Result = "accepted"
)

// Finding is one line of a Verdict, for people to read.
type Finding struct {
	Check Check `json:"check"`
	// Old and New are the values of the live version and of the new one.
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
	Limit string `json:"limit,omitempty"`

	Result Result `json:"result"`
	// Why is the reason when it was skipped, failed or accepted.
	Why string `json:"why,omitempty"`
}

// Skip is the finding of a check that could not be made.
func Skip(c Check, why string) Finding { return Finding{Check: c, Result: Skipped, Why: why} }

// found passes or fails a finding; why says what failing means.
func found(f Finding, good bool, why string) Finding {
	f.Result = Passed
	if !good {
		f.Result, f.Why = Failed, why
	}
	return f
}

// Verdict says whether a new version may take over: its findings, one for each
// check.
type Verdict []Finding

// Refused lists what speaks against the new version.
func (v Verdict) Refused() Verdict {
	var list Verdict
	for _, f := range v {
		if f.Result == Failed {
			list = append(list, f)
		}
	}
	return list
}

// Accept overrides the checks that failed and are among accepted.
func (v Verdict) Accept(accepted []Check, reason string) {
	for i, f := range v {
		if f.Result == Failed && slices.Contains(accepted, f.Check) && slices.Contains(Acceptable(), f.Check) {
			v[i].Result, v[i].Why = Accepted, f.Why+": "+reason
		}
	}
}

// Why is one sentence's worth of reasons against the new version.
func (v Verdict) Why() string {
	var reasons []string
	for _, f := range v.Refused() {
		reasons = append(reasons, fmt.Sprintf("%s (%s)", f.Why, f.Check))
	}
	return strings.Join(reasons, ", ")
}

// Print writes the verdict as a table.
func (v Verdict) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	text := "check\tlive\tnew\tlimit\tresult\t\n"
	for _, f := range v {
		text += fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\n", f.Check, f.Old, f.New, f.Limit, f.Result, f.Why)
	}
	if _, err := io.WriteString(table, text); err != nil {
		return err
	}
	return table.Flush()
}
