package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"aforro/pkg/lifecycle"
)

// pollEvery is how often the index is asked what searches see: what is measured
// is later than what is true by up to this.
const pollEvery = 40 * time.Millisecond

// mostAsked bounds one poll.
const mostAsked = 500

// shown is what a search of the index gives of one product.
type shown struct {
	Price       int64   `json:"price"`
	Description string  `json:"description"`
	InStock     []int64 `json:"stores_in_stock"`
	Stock       []struct {
		Store    int64 `json:"store_id"`
		Quantity int64 `json:"quantity"`
	} `json:"stock"`
}

func (s *shown) quantity(store int64) int64 {
	for _, line := range s.Stock {
		if line.Store == store {
			return line.Quantity
		}
	}
	return -1
}

// expectation is a committed change that searches will see.
type expectation struct {
	kind    string
	product int64
	at      time.Time
	// seen tells whether what is shown has the change.
	seen func(*shown) bool
}

// probe asks Elasticsearch itself, past everything of the product, when changes
// that were committed become visible to searches.
type probe struct {
	url string

	mu      sync.Mutex
	waiting map[int64]expectation // by product
	took    map[string][]timed
}

// timed is how long a change took, and when it was committed.
type timed struct{ at, took time.Duration }

func newProbe(elasticsearchURL, alias string) *probe {
	return &probe{url: elasticsearchURL + "/" + alias + "/_search", waiting: map[int64]expectation{}, took: map[string][]timed{}}
}

// expects reports whether a change of this product is waited for.
func (p *probe) expects(product int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.waiting[product]
	return ok
}

func (p *probe) expect(e expectation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[e.product] = e
}

// run polls until ctx ends. begun is when the measured time began.
func (p *probe) run(ctx context.Context, begun time.Time) error {
	for {
		asked := p.ids()
		if len(asked) > 0 {
			docs, err := p.ask(ctx, asked)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			p.note(docs, begun)
		}
		if lifecycle.Sleep(ctx, pollEvery) != nil {
			return nil
		}
	}
}

// ids are some of the products that are waited for: asking for more would be a
// load of its own.
func (p *probe) ids() (ids []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.waiting {
		if ids = append(ids, id); len(ids) == mostAsked {
			break
		}
	}
	return ids
}

func (p *probe) note(docs map[int64]*shown, begun time.Time) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, doc := range docs {
		if e, ok := p.waiting[id]; ok && e.seen(doc) {
			delete(p.waiting, id)
			p.took[e.kind] = append(p.took[e.kind], timed{e.at.Sub(begun), now.Sub(e.at)})
		}
	}
}

// drain waits until everything that was expected is seen.
func (p *probe) drain(ctx context.Context, limit time.Duration) error {
	for until := time.Now().Add(limit); ; {
		left := p.ids()
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("%d changes were not searchable within %s, of product %d for one", len(left), limit, left[0])
		}
		if err := lifecycle.Sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// of gives the sorted times of some kinds, of changes committed from a time to
// another.
func (p *probe) of(from, to time.Duration, kinds ...string) result {
	p.mu.Lock()
	defer p.mu.Unlock()
	var r result
	for _, k := range kinds {
		for _, t := range p.took[k] {
			if t.at >= from && t.at < to {
				r.latencies = append(r.latencies, t.took)
			}
		}
	}
	slices.Sort(r.latencies)
	return r
}

// length is when the last change that was seen was committed.
func (p *probe) length() (last time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range p.took {
		for _, t := range list {
			last = max(last, t.at)
		}
	}
	return last
}

func (p *probe) ask(ctx context.Context, ids []int64) (docs map[int64]*shown, err error) {
	body, err := json.Marshal(map[string]any{
		"size": len(ids), "query": map[string]any{"bool": map[string]any{"filter": map[string]any{"terms": map[string]any{"id": ids}}}},
		"_source": []string{"price", "description", "stores_in_stock", "stock"}, "track_total_hits": false, "sort": []string{"_doc"},
	})
	if err != nil {
		return nil, err
	}
	docs = map[int64]*shown{}
	return docs, p.askFor(ctx, string(body), docs)
}

func (p *probe) askFor(ctx context.Context, body string, docs map[int64]*shown) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"?filter_path=hits.hits._id,hits.hits._source", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	var answer struct {
		Hits struct {
			Hits []struct {
				ID     int64 `json:"_id,string"`
				Source shown `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the index: %d %.200s (%w)", resp.StatusCode, text, err)
	}
	for i := range answer.Hits.Hits {
		docs[answer.Hits.Hits[i].ID] = &answer.Hits.Hits[i].Source
	}
	return nil
}
