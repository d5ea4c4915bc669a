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
		results, err := mustAnswer(t, `{"items":[`+c.item+`]}`).judge("i", []search.Write{{ID: 7, Version: 41}})
		if err != nil || len(results) != 1 || results[0] != c.want {
			t.Errorf("%s: got %+v, %v; want %+v", name, results, err, c.want)
		}
	}
}

func TestABulkIsJudgedWhole(t *testing.T) {
	t.Parallel()
	two := []search.Write{{ID: 1}, {ID: 2}}
	if _, err := mustAnswer(t, `{"items":[{"index":{"status":201}}]}`).judge("i", two); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a result is missing: %v", err)
	}
	gone := mustAnswer(t, `{"items":[{"index":{"status":404,"error":{"type":"index_not_found_exception","reason":"x"}}}]}`)
	if _, err := gone.judge("i", two[:1]); !fault.Is(err, fault.NotFound) {
		t.Errorf("the index is gone: %v", err)
	}
}
