package elasticsearch

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

type bulkAnswer struct {
	Items []bulkItem `json:"items"`
}

// bulkItem is the result of one action, by its kind.
type bulkItem struct {
	Index  *bulkResult `json:"index"`
	Delete *bulkResult `json:"delete"`
}

type bulkResult struct {
	Status int `json:"status"`
	Error  *struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	} `json:"error"`
}

// judge gives one result for each write, from those of its documents.
func (a bulkAnswer) judge(index string, writes []search.Write) ([]search.WriteResult, error) {
	results, items := make([]search.WriteResult, len(writes)), a.Items
	for i := range writes {
		n := len(partsOf(&writes[i]))
		if len(items) < n {
			return nil, a.mismatch(index, writes)
		}
		for j, item := range items[:n] {
			r, err := item.outcome(index, writes[i].ID)
			if err != nil {
				return nil, err
			}
			if j == 0 {
				results[i] = r
			} else {
				results[i] = worse(results[i], r)
			}
		}
		items = items[n:]
	}
	if len(items) > 0 {
		return nil, a.mismatch(index, writes)
	}
	return results, nil
}

func (a bulkAnswer) mismatch(index string, writes []search.Write) error {
	return unavailable(fmt.Errorf("write to index %s: %d results for %d writes", index, len(a.Items), len(writes)))
}

// severity orders outcomes. A write is done when both of its documents are, so
// one of them that is to be tried again comes first: both are sent again, which
// changes nothing in the other.
var severity = map[search.Outcome]int{search.Stored: 0, search.Late: 1, search.Refused: 2, search.Foreign: 3, search.Retry: 4}

// worse joins what became of a write's two documents.
func worse(a, b search.WriteResult) search.WriteResult {
	stored := max(a.Stored, b.Stored)
	if severity[b.Outcome] > severity[a.Outcome] {
		a = b
	}
	a.Stored = stored
	return a
}

// outcome judges the one result of an item. NotFound: its index is gone.
func (item bulkItem) outcome(index string, id int64) (search.WriteResult, error) {
	done := item.Index
	if done == nil {
		done = item.Delete
	}
	switch {
	case done == nil:
		return search.WriteResult{}, unavailable(fmt.Errorf("write to index %s: a result is of no known kind", index))
	case done.Error != nil && done.Error.Type == "index_not_found_exception":
		return search.WriteResult{}, fault.New(fault.NotFound, "index %s is gone", index)
	}
	return done.outcome(id), nil
}

// outcome judges a document by its status. A delete of what is not there is done.
func (b *bulkResult) outcome(id int64) search.WriteResult {
	r := search.WriteResult{ID: id}
	switch {
	case b.Status == http.StatusConflict:
		r.Outcome = search.Late
		r.Stored = storedVersion(b.Error.Reason)
	case b.Status < http.StatusMultipleChoices, b.Status == http.StatusNotFound && b.Error == nil:
		r.Outcome = search.Stored
	case b.Status == http.StatusTooManyRequests, b.Status >= http.StatusInternalServerError, b.blocked():
		r.Outcome = search.Retry
	default:
		r.Outcome = search.Refused
	}
	if b.Error != nil {
		r.Reason = b.Error.Type + ": " + b.Error.Reason
	}
	return r
}

// blocked: an index that is read-only for a while, such as by a full disk, says
// so with 403; the document is not at fault.
func (b *bulkResult) blocked() bool {
	return b.Status == http.StatusForbidden && b.Error != nil && b.Error.Type == "cluster_block_exception"
}

// currentVersion finds the stored version in a conflict's reason, the only
// place where Elasticsearch tells it: "[1]: version conflict, current version
// [42] is higher than the one provided [41]".
var currentVersion = regexp.MustCompile(`current version \[(\d+)\]`)

// storedVersion is 0 when the reason does not tell.
func storedVersion(reason string) search.Version {
	found := currentVersion.FindStringSubmatch(reason)
	if found == nil {
		return 0
	}
	v, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil {
		return 0
	}
	return search.Version(v)
}
