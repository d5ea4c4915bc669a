package elasticsearch

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// buffers keeps the memory of bulk bodies: each is several megabytes.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxBody is where a bulk's body ends: Elasticsearch takes no request beyond 100
// MB, and five hundred documents with the largest attributes are more. One
// document is about two megabytes at most.
const maxBody = 16 << 20

// Bulk writes whole documents, and removes those of writes without one, each at
// its version: a higher one that is stored already wins. It gives one result for each write, in their order. NotFound: the index is gone.
// Unavailable: nothing is known of any of them; they may be sent again.
func (c *Client) Bulk(ctx context.Context, index string, writes []search.Write) ([]search.WriteResult, error) {
	if err := c.deletesInto(ctx, index, writes); err != nil {
		return nil, err
	}
	results := make([]search.WriteResult, 0, len(writes))
	for len(results) < len(writes) {
		some, err := c.bulk(ctx, index, writes[len(results):])
		if err != nil {
			return nil, err
		}
		results = append(results, some...)
	}
	return results, nil
}

// bulk sends one request with as many of the writes as fit.
func (c *Client) bulk(ctx context.Context, index string, writes []search.Write) ([]search.WriteResult, error) {
	body := buffers.Get().(*bytes.Buffer)
	body.Reset()
	n := 0
	for ; n < len(writes) && body.Len() < maxBody; n++ {
		if err := c.appendWrite(body, &writes[n]); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, bulkTimeout)
	defer cancel()
	var answer bulkAnswer
	request := esapi.BulkRequest{
		Index: writeAlias(index), RequireAlias: &yes, Body: bytes.NewReader(body.Bytes()),
		FilterPath: []string{"items.*.status", "items.*.error.type", "items.*.error.reason"},
	}
	if err := c.call(ctx, "write to index "+index, request, &answer); err != nil {
		return nil, err
	}
	// Not after a failure: the transport may still read what it was given.
	buffers.Put(body)
	return answer.judge(index, writes[:n])
}

// deletesInto asks, when something is to be removed, whether the index is there:
// a delete at an external version would make one, even where an alias is required.
func (c *Client) deletesInto(ctx context.Context, index string, writes []search.Write) error {
	if !slices.ContainsFunc(writes, func(w search.Write) bool { return w.Document == nil }) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	return c.call(ctx, "look for index "+index, esapi.IndicesExistsAliasRequest{Name: []string{writeAlias(index)}}, nil)
}

// writeAlias is the only name under which a version is written. A bulk to an
// index that is gone would make it anew, with guessed mappings; one that asks
// for an alias fails.
func writeAlias(index string) string { return index + "-write" }

func (c *Client) appendWrite(body *bytes.Buffer, w *search.Write) error {
	action := `{"index":{"_id":"`
	if w.Document == nil {
		action = `{"delete":{"_id":"`
	}
	body.WriteString(action)
	body.Write(strconv.AppendInt(body.AvailableBuffer(), w.ID, 10))
	// external wants a higher version, external_gte takes the same one too.
	kind := "external_gte"
	if w.Yield {
		kind = "external"
	}
	body.WriteString(`","version_type":"` + kind + `","version":`)
	body.Write(strconv.AppendInt(body.AvailableBuffer(), int64(w.Version), 10))
	body.WriteString("}}\n")
	if w.Document == nil {
		return nil
	}
	doc, err := c.Render(w.Document)
	if err != nil {
		return err
	}
	body.Write(doc)
	body.WriteByte('\n')
	return nil
}

type bulkAnswer struct {
	Items []map[string]bulkItem `json:"items"`
}

type bulkItem struct {
	Status int `json:"status"`
	Error  *struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	} `json:"error"`
}

func (a bulkAnswer) judge(index string, writes []search.Write) ([]search.WriteResult, error) {
	if len(a.Items) != len(writes) {
		return nil, unavailable(fmt.Errorf("write to index %s: %d results for %d writes", index, len(a.Items), len(writes)))
	}
	results := make([]search.WriteResult, len(writes))
	for i, item := range a.Items {
		for _, b := range item {
			if b.Error != nil && b.Error.Type == "index_not_found_exception" {
				return nil, fault.New(fault.NotFound, "index %s is gone", index)
			}
			results[i] = b.outcome(writes[i].ID)
		}
	}
	return results, nil
}

// outcome judges one item by its status. A delete of what is not there is done.
func (b bulkItem) outcome(id int64) search.WriteResult {
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
func (b bulkItem) blocked() bool {
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
