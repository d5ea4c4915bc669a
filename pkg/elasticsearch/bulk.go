package elasticsearch

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/search"
)

// buffers keeps the memory of bulk bodies: each is several megabytes.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxBody is where a bulk's body ends: Elasticsearch takes no request beyond 100
// MB, and five hundred documents with the largest attributes are more. One
// document is about two megabytes at most.
const maxBody = 16 << 20

// Bulk writes whole documents, and removes those of writes without one, each at
// its version: a higher one that is stored already wins. It gives one result for
// each write, in their order. NotFound: the index, or a part of it, is gone.
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
		if err := c.appendWrite(body, index, &writes[n]); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, bulkTimeout)
	defer cancel()
	var answer bulkAnswer
	request := esapi.BulkRequest{
		Index: writeAlias(c.index(index, search.Products)), RequireAlias: &yes, Body: bytes.NewReader(body.Bytes()),
		FilterPath: []string{"items.*.status", "items.*.error.type", "items.*.error.reason"},
	}
	if err := c.call(ctx, "write to index "+index, request, &answer); err != nil {
		return nil, err
	}
	// Not after a failure: the transport may still read what it was given.
	buffers.Put(body)
	return answer.judge(index, writes[:n])
}

// deletesInto asks, when something is to be removed, whether both parts are there:
// a delete at an external version would make one, even where an alias is required.
func (c *Client) deletesInto(ctx context.Context, index string, writes []search.Write) error {
	if !slices.ContainsFunc(writes, func(w search.Write) bool { return w.Document == nil }) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	return c.call(ctx, "look for index "+index, esapi.IndicesExistsAliasRequest{Name: c.writeAliases(index)}, nil)
}

// partsOf lists the parts that a write is for.
func partsOf(w *search.Write) []search.Part {
	if w.Listing || w.Document == nil {
		return search.Parts[:]
	}
	return search.Parts[:1]
}

func (c *Client) appendWrite(body *bytes.Buffer, index string, w *search.Write) error {
	for _, part := range partsOf(w) {
		c.appendAction(body, index, part, w)
		if w.Document == nil {
			continue
		}
		doc, err := appendDocument(body.AvailableBuffer(), w.Document, part)
		if err != nil {
			return err
		}
		body.Write(doc)
		body.WriteByte('\n')
	}
	return nil
}

// appendAction begins one document. The products are where the request goes to.
func (c *Client) appendAction(body *bytes.Buffer, index string, part search.Part, w *search.Write) {
	action := `{"index":{`
	if w.Document == nil {
		action = `{"delete":{`
	}
	body.WriteString(action)
	if part != search.Products {
		body.WriteString(`"_index":"` + writeAlias(c.index(index, part)) + `",`)
	}
	body.WriteString(`"_id":"`)
	body.Write(strconv.AppendInt(body.AvailableBuffer(), w.ID, 10))
	// external wants a higher version, external_gte takes the same one too.
	kind := "external_gte"
	if w.Yield {
		kind = "external"
	}
	body.WriteString(`","version_type":"` + kind + `","version":`)
	body.Write(strconv.AppendInt(body.AvailableBuffer(), int64(w.Version), 10))
	body.WriteString("}}\n")
}
