package elasticsearch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

const (
	// window is how far from + size may reach: index.max_result_window of
	// settings.json. Within it only the results that are shown are read.
	window = 100_000
	// stride is how many results one hop beyond the window passes. All of them
	// are read.
	stride = 10_000
	// maxOffset bounds how deep a page may lie.
	maxOffset = 5_000_000
	// keepAlive is how long a cursor walk may rest between two pages.
	keepAlive = "2m"
)

// hop walks to an offset beyond the window: to its end at once, then by the sort
// values of the last result of each stride. It reports false when there are not that many.
func (c *Client) hop(ctx context.Context, p search.Params, from int64, r reading) (after json.RawMessage, found bool, err error) {
	p.Highlight, p.Explain, p.Collapse = false, false, false // only places are read
	request := body(p, r)
	request["_source"], request["track_total_hits"] = false, false
	for at := int64(0); at < from; {
		size := min(stride, from-at)
		if at == 0 {
			// Before the first hop an offset is allowed: one result says it all.
			size = min(window, from)
			request["from"], request["size"] = size-1, 1
		} else {
			delete(request, "from")
			request["size"], request["search_after"] = size, after
		}
		answer, err := c.post(ctx, esapi.SearchRequest{Index: c.live(), Preference: preference(p), FilterPath: []string{"hits.hits.sort"}}, request)
		if err != nil {
			return nil, false, err
		}
		n := len(answer.Hits.Hits)
		if n == 0 || (at > 0 && int64(n) < size) {
			return nil, false, nil
		}
		after, at = answer.Hits.Hits[n-1].Sort, at+size
	}
	return after, true, nil
}

// cursor is the state of a walk, as its caller carries it.
type cursor struct {
	PIT   string          `json:"p"`
	After json.RawMessage `json:"a"`
	// Words, Meant and Left are how the words are taken, where that is not as typed.
	Words string   `json:"w,omitempty"`
	Meant string   `json:"m,omitempty"`
	Left  []string `json:"l,omitempty"`
	// Search tells one search from another: a cursor goes on with its own only.
	Search string `json:"s"`
}

var errCursor = fault.New(fault.Invalid, "this is no cursor: begin with cursor=start and go on with next_cursor")

// walk answers a page of a walk over a view of the index that stands still
// while things change.
func (c *Client) walk(ctx context.Context, p search.Params) (search.Page, error) {
	at, err := c.cursor(ctx, p)
	if err != nil {
		return search.Page{}, err
	}
	r := c.reading(p, at)
	request := body(p, r)
	request["size"] = p.PageSize
	request["pit"] = m{"id": at.PIT, "keep_alive": keepAlive}
	if len(at.After) > 0 {
		request["search_after"] = at.After
	}
	answer, err := c.postCounting(ctx, esapi.SearchRequest{FilterPath: pageParts, IncludeNamedQueriesScore: explained(p)}, p, request, r)
	if err != nil {
		return search.Page{}, expired(err, p.Cursor)
	}
	page := answer.page(p, r, 0)
	if len(answer.Hits.Hits) < p.PageSize {
		c.closePIT(ctx, answer.PIT)
		return page, nil
	}
	at.PIT, at.After = answer.PIT, answer.Hits.Hits[p.PageSize-1].Sort
	page.NextCursor, err = at.encode()
	return page, err
}

// reading is how the words of a walk were taken when it began.
func (c *Client) reading(p search.Params, at cursor) reading {
	r := c.asTyped(p)
	r.words, r.meant, r.left = cmp.Or(at.Words, p.Query), at.Meant, at.Left
	return r
}

// expired: a view that is not there any more has expired; values that do not
// fit the sort are of another walk. Elasticsearch breaks on some that were
// tampered with.
func expired(err error, sent string) error {
	switch {
	case sent == search.CursorStart:
		return notBuilt(err)
	case fault.Is(err, fault.NotFound):
		return fault.Wrap(err, fault.Gone, "the cursor has expired: begin again with cursor=start")
	case fault.Is(err, fault.Internal), errors.Is(err, errBroke):
		return errCursor
	}
	return err
}

// cursor begins a walk or reads where it stands.
func (c *Client) cursor(ctx context.Context, p search.Params) (cursor, error) {
	if p.Cursor != search.CursorStart {
		at, err := decodeCursor(p.Cursor)
		if err == nil && at.Search != c.fingerprint(p) {
			err = errCursor
		}
		return at, err
	}
	at := cursor{Search: c.fingerprint(p)}
	r, err := c.read(ctx, p)
	if err != nil {
		return at, notBuilt(err)
	}
	if r.words != p.Query {
		at.Words, at.Meant, at.Left = r.words, r.meant, r.left
	}
	var opened struct {
		ID string `json:"id"`
	}
	request := esapi.OpenPointInTimeRequest{Index: c.live(), KeepAlive: keepAlive, Preference: preference(p)}
	err = c.call(ctx, "begin a walk", request, &opened)
	at.PIT = opened.ID
	return at, notBuilt(err)
}

// closePIT frees a view early. One that cannot be freed now ends by itself
// within keepAlive, so a failure changes nothing.
func (c *Client) closePIT(ctx context.Context, id string) {
	text, err := json.Marshal(m{"id": id})
	if err != nil {
		return
	}
	if err := c.call(ctx, "end a walk", esapi.ClosePointInTimeRequest{Body: bytes.NewReader(text)}, nil); err != nil {
		return
	}
}

func (at cursor) encode() (string, error) {
	text, err := json.Marshal(at)
	if err != nil {
		return "", fmt.Errorf("write a cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(text), nil
}

func decodeCursor(sent string) (at cursor, err error) {
	text, err := base64.RawURLEncoding.DecodeString(sent)
	if err != nil || json.Unmarshal(text, &at) != nil || at.PIT == "" {
		return at, errCursor
	}
	return at, nil
}
