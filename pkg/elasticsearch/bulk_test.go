package elasticsearch

import (
	"encoding/json"
	"testing"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

func mustAnswer(tb testing.TB, text string) (a bulkAnswer) {
	tb.Helper()
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		tb.Fatal(err)
	}
	return a
}

func TestEachItemIsJudged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		item string
		want search.WriteResult
	}{
		"stored":             {`{"index":{"status":201,"_version":5}}`, search.WriteResult{ID: 7, Outcome: search.Stored}},
		"stored again":       {`{"index":{"status":200}}`, search.WriteResult{ID: 7, Outcome: search.Stored}},
		"deleted":            {`{"delete":{"status":200}}`, search.WriteResult{ID: 7, Outcome: search.Stored}},
		"nothing to delete":  {`{"delete":{"status":404}}`, search.WriteResult{ID: 7, Outcome: search.Stored}},
		"too busy":           {`{"index":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"full"}}}`, search.WriteResult{ID: 7, Outcome: search.Retry, Reason: "es_rejected_execution_exception: full"}},
		"away":               {`{"index":{"status":503,"error":{"type":"unavailable_shards_exception","reason":"x"}}}`, search.WriteResult{ID: 7, Outcome: search.Retry, Reason: "unavailable_shards_exception: x"}},
		"disk full":          {`{"index":{"status":403,"error":{"type":"cluster_block_exception","reason":"x"}}}`, search.WriteResult{ID: 7, Outcome: search.Retry, Reason: "cluster_block_exception: x"}},
		"a bad document":     {`{"index":{"status":400,"error":{"type":"document_parsing_exception","reason":"x"}}}`, search.WriteResult{ID: 7, Outcome: search.Refused, Reason: "document_parsing_exception: x"}},
		"not allowed":        {`{"index":{"status":403,"error":{"type":"security_exception","reason":"x"}}}`, search.WriteResult{ID: 7, Outcome: search.Refused, Reason: "security_exception: x"}},
		"late, version told": {`{"index":{"status":409,"error":{"type":"v","reason":"[7]: version conflict, current version [42] is higher than the one provided [41]"}}}`, search.WriteResult{ID: 7, Outcome: search.Late, Stored: 42, Reason: "v: [7]: version conflict, current version [42] is higher than the one provided [41]"}},
		"late, not told":     {`{"index":{"status":409,"error":{"type":"v","reason":"conflict"}}}`, search.WriteResult{ID: 7, Outcome: search.Late, Reason: "v: conflict"}},
	} {
		results, err := mustAnswer(t, `{"items":[`+c.item+`]}`).judge("i", []search.Write{{ID: 7, Version: 41, Document: &search.Document{}}})
		if err != nil || len(results) != 1 || results[0] != c.want {
			t.Errorf("%s: got %+v, %v; want %+v", name, results, err, c.want)
		}
	}
}

func TestABulkIsJudgedWhole(t *testing.T) {
	t.Parallel()
	two := []search.Write{{ID: 1, Document: &search.Document{}}, {ID: 2, Document: &search.Document{}}}
	if _, err := mustAnswer(t, `{"items":[{"index":{"status":201}}]}`).judge("i", two); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a result is missing: %v", err)
	}
	gone := mustAnswer(t, `{"items":[{"index":{"status":404,"error":{"type":"index_not_found_exception","reason":"x"}}}]}`)
	if _, err := gone.judge("i", two[:1]); !fault.Is(err, fault.NotFound) {
		t.Errorf("the index is gone: %v", err)
	}
}

// A write to both parts has one result, the worse one: it is stored, or late,
// only when both documents are.
func TestTheWorseOfTwoDocumentsCounts(t *testing.T) {
	t.Parallel()
	const stored, busy, refused = `{"index":{"status":201}}`, `{"index":{"status":429,"error":{"type":"busy","reason":"x"}}}`, `{"index":{"status":400,"error":{"type":"bad","reason":"x"}}}`
	late := func(version string) string {
		return `{"index":{"status":409,"error":{"type":"v","reason":"current version [` + version + `]"}}}`
	}
	for _, c := range []struct {
		first, second string
		want          search.Outcome
		stored        search.Version
		reason        string
	}{
		{stored, stored, search.Stored, 0, ""},
		{stored, late("42"), search.Late, 42, "v: current version [42]"},
		{late("43"), late("42"), search.Late, 43, "v: current version [43]"},
		{late("43"), refused, search.Refused, 43, "bad: x"},
		{stored, refused, search.Refused, 0, "bad: x"},
		{refused, busy, search.Retry, 0, "busy: x"},
		{stored, busy, search.Retry, 0, "busy: x"},
	} {
		for _, items := range []string{c.first + "," + c.second, c.second + "," + c.first} {
			both := []search.Write{{ID: 7, Document: &search.Document{}, Listing: true}}
			results, err := mustAnswer(t, `{"items":[`+items+`]}`).judge("i", both)
			if err != nil || len(results) != 1 || results[0].Outcome != c.want || results[0].Stored != c.stored || (c.reason != results[0].Reason && c.stored == 0) {
				t.Errorf("%s: %+v, %v", items, results, err)
			}
		}
	}
	for _, items := range []string{stored, stored + "," + stored + "," + stored, `{"update":{"status":200}},` + stored} {
		if _, err := mustAnswer(t, `{"items":[`+items+`]}`).judge("i", []search.Write{{ID: 7}}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s for a removal from both parts: %v", items, err)
		}
	}
}
