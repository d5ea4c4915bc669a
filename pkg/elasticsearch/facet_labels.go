package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
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
)

// labels remembers how values are spelt: what is counted is in small letters. The
// spelling is that of the product with the lowest id.
type labels struct {
	mu    sync.Mutex
	known map[spelt]string
	since time.Time
}

// spelt is a value of a field in small letters; of an attribute, "key=value".
type spelt struct{ field, term string }

func (l *labels) get(of spelt) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.since) > labelsFor || len(l.known) >= labelsKept {
		l.known, l.since = map[spelt]string{}, time.Now()
	}
	label, ok := l.known[of]
	return label, ok
}

func (l *labels) put(of spelt, label string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[of] = label
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
	found, err := c.spellings(ctx, missing)
	if err != nil {
		return err
	}
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

// spellings reads how values are spelt, and remembers it.
func (c *Client) spellings(ctx context.Context, of []spelt) (map[spelt]string, error) {
	if len(of) == 0 {
		return nil, nil
	}
	var body bytes.Buffer
	lines := json.NewEncoder(&body)
	for _, s := range of {
		on := s.field
		if on == search.FacetBrand || on == search.FacetCategory {
			on += ".key"
		}
		one := m{"query": m{"term": m{on: s.term}}, "sort": byID, "size": 1, "_source": []string{s.field}, "track_total_hits": false}
		for _, line := range []m{{}, one} {
			if err := lines.Encode(line); err != nil {
				return nil, fmt.Errorf("write a request for spellings: %w", err)
			}
		}
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
	request := esapi.MsearchRequest{Index: c.live(), Body: bytes.NewReader(body.Bytes()), FilterPath: []string{"responses.status", "responses.hits.hits._source"}}
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
		c.labels.put(of[i], found[of[i]])
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
