package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/search"
)

const (
	// labelsKept bounds the spellings that are remembered, labelsFor how long they are.
	labelsKept = 50_000
	labelsFor  = 10 * time.Minute
	// learntOfEach is how many values of each field are read in advance, learntAtOnce
	// by one request.
	learntOfEach, learntAtOnce = 2000, 100
	learnTimeout               = time.Minute
)

// learntFields are those that facets are made of unasked.
var learntFields = []string{search.FacetBrand, search.FacetCategory, "facets"}

// labels remembers how values are spelt: what is counted is in small letters. The
// spelling is that of the product with the lowest id.
type labels struct {
	mu    sync.Mutex
	known map[spelt]string
	since time.Time
	// learning: the commonest ones are being read.
	learning bool
}

// spelt is a value of a field in small letters; of an attribute, "key=value".
type spelt struct{ field, term string }

func (l *labels) get(of spelt) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	label, ok := l.known[of]
	return label, ok
}

func (l *labels) put(all map[spelt]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil || len(l.known)+len(all) > labelsKept {
		l.known = map[spelt]string{}
	}
	maps.Copy(l.known, all)
}

// old reports, to one caller, that what is remembered is to be read again.
func (l *labels) old(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.learning || now.Sub(l.since) < labelsFor {
		return false
	}
	l.learning = true
	return true
}

// learnt takes what was read in place of what was remembered; after a failure that
// stays for a while.
func (l *labels) learnt(all map[spelt]string, now time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.learning = false
	if l.since = now; err == nil {
		l.known = all
	}
}

// speltOf says where the spelling of a facet's value is to be found; false where
// there is nothing to spell.
func speltOf(f search.Facet, value string) (spelt, bool) {
	switch {
	case f.Type != search.Terms || f.Field == search.FacetStore:
		return spelt{}, false
	case f.Field == search.FacetBrand, f.Field == search.FacetCategory:
		return spelt{f.Field, value}, true
	}
	term := strings.TrimPrefix(f.Field, search.AttributePrefix) + "=" + value
	if facetOf(f.Field) != nil {
		return spelt{"facets", term}, true
	}
	return spelt{"attribute_terms", term}, true
}

// spell puts labels on the values of facets; those that are not known yet are
// asked for, all at once.
func (c *Client) spell(ctx context.Context, facets []search.Facet) error {
	var missing []spelt
	for _, f := range facets {
		for _, v := range f.Values {
			if of, ok := speltOf(f, v.Value); ok {
				if _, known := c.labels.get(of); !known {
					missing = append(missing, of)
				}
			}
		}
	}
	if c.labels.old(time.Now()) {
		go c.learn(context.WithoutCancel(ctx))
	}
	found, err := c.spellings(ctx, missing)
	if err != nil {
		return err
	}
	c.labels.put(found)
	for _, f := range facets {
		for i, v := range f.Values {
			of, ok := speltOf(f, v.Value)
			if !ok {
				continue
			}
			label, ok := found[of]
			if !ok {
				label, ok = c.labels.get(of)
			}
			if ok {
				f.Values[i].Value, f.Values[i].Label = label, label
			}
		}
	}
	return nil
}

// learn reads how the commonest values are spelt, so that searches need not ask.
func (c *Client) learn(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, learnTimeout)
	defer cancel()
	all := map[spelt]string{}
	common, err := c.commonest(ctx)
	for some := range slices.Chunk(common, learntAtOnce) {
		if err != nil {
			break
		}
		var found map[spelt]string
		found, err = c.spellings(ctx, some)
		maps.Copy(all, found)
	}
	c.labels.learnt(all, time.Now(), err)
}

// commonest lists the values that most products have.
func (c *Client) commonest(ctx context.Context) (list []spelt, err error) {
	aggs := m{}
	for _, field := range learntFields {
		aggs[field] = m{"terms": m{"field": onField(field), "size": learntOfEach}}
	}
	request := c.onLive(search.Params{})
	request.FilterPath = []string{"aggregations.*.buckets.key"}
	answer, err := c.post(ctx, request, m{"size": 0, "track_total_hits": false, "aggs": aggs})
	for _, field := range learntFields {
		for _, b := range answer.Aggregations[field].Buckets {
			list = append(list, spelt{field, string(b.Key)})
		}
	}
	return list, err
}

// onField is where the values of a field are in small letters.
func onField(field string) string {
	if field == search.FacetBrand || field == search.FacetCategory {
		return field + ".key"
	}
	return field
}

// spellings reads how values are spelt.
func (c *Client) spellings(ctx context.Context, of []spelt) (map[spelt]string, error) {
	if len(of) == 0 {
		return nil, nil
	}
	bodies := make([]m, len(of))
	for i, s := range of {
		bodies[i] = m{"query": m{"term": m{onField(s.field): s.term}}, "sort": byID, "size": 1, "_source": []string{s.field}, "track_total_hits": false}
	}
	lines, err := searchLines(m{}, bodies)
	if err != nil {
		return nil, fmt.Errorf("write a request for spellings: %w", err)
	}
	var answer struct {
		Responses []struct {
			Status int `json:"status"`
			Hits   struct {
				Hits []struct {
					Source map[string]oneOrMore `json:"_source"`
				} `json:"hits"`
			} `json:"hits"`
		} `json:"responses"`
	}
	request := esapi.MsearchRequest{Index: c.live(), Body: bytes.NewReader(lines), FilterPath: []string{"responses.status", "responses.hits.hits._source"}}
	if err := c.call(ctx, "read how values are spelt", request, &answer); err != nil {
		return nil, err
	}
	found := map[spelt]string{}
	for i, r := range answer.Responses {
		if i >= len(of) || r.Status != http.StatusOK {
			continue
		}
		var among []string // none: nothing has the value
		if len(r.Hits.Hits) > 0 {
			among = r.Hits.Hits[0].Source[of[i].field]
		}
		found[of[i]] = spelling(of[i], among)
	}
	return found, nil
}

// spelling finds the value among those of a product.
func spelling(of spelt, among []string) string {
	term := of.term
	for _, text := range among {
		if strings.ToLower(text) == of.term {
			term = text
			break
		}
	}
	if of.field == search.FacetBrand || of.field == search.FacetCategory {
		return term
	}
	_, value, _ := strings.Cut(term, "=")
	return value
}

// oneOrMore is a text, or a list of them.
type oneOrMore []string

// UnmarshalJSON reads either.
func (t *oneOrMore) UnmarshalJSON(text []byte) (err error) {
	if text[0] == '[' {
		err = json.Unmarshal(text, (*[]string)(t))
	} else {
		*t = oneOrMore{""}
		err = json.Unmarshal(text, &(*t)[0])
	}
	if err != nil {
		return fmt.Errorf("read how a value is spelt: %w", err)
	}
	return nil
}
