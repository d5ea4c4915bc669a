package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"aforro/pkg/search"
)

// suggestionView is one suggestion of format=rich.
type suggestionView struct {
	Type      string  `json:"type" enum:"query,product,brand,category" doc:"What it leads to: words to search for, a product, or a name to filter by."`
	Text      string  `json:"text" example:"hp elitebook notebook"`
	Completed string  `json:"completed" doc:"The text as HTML, escaped, with <em> around all that was not typed." example:"hp <em>elitebook</em> note<em>book</em>"`
	ID        *int64  `json:"id" nullable:"true" doc:"The product's; null for all others."`
	Price     *string `json:"price" nullable:"true" doc:"The product's, a decimal; null for all others." example:"20.95"`
	InStock   *bool   `json:"in_stock" nullable:"true" doc:"Whether the store of store_id has it, or any without one; null for all that is no product."`
}

// formatRich asks for more than titles.
const formatRich = "rich"

// format reports whether the suggestions are to be rich.
func (r *reader) format(raw string) bool {
	if raw != "" && raw != formatRich {
		r.refuse("format", raw, "must be rich, or be left out")
	}
	return raw == formatRich
}

// richSuggestions is an answer and the products on it.
type richSuggestions struct {
	suggestions
	ids []int64
	// took is how long the making took; stale: prices and stock are the index's.
	took  time.Duration
	stale bool
}

// suggestRich answers from the cache when nothing on the answer has changed, else
// from the engine and the database.
func (s *Server) suggestRich(ctx context.Context, in *suggestInput, typed string, storeID int64, asked search.Version) (*readyMade, error) {
	reached := s.await(ctx, asked)
	// What is shown must be known to be true for as long as it is kept.
	keep, key := min(s.o.SearchCache, s.o.SuggestCache), richKey(typed, storeID)
	if keep > 0 && !wantsFresh(in.CacheControl) {
		if list, age, found := s.cachedRich(ctx, key, asked); found {
			return s.richAnswer(list, &age, true).unlessKnown(in.IfNoneMatch), nil
		}
	}
	list, err := s.richEngine(ctx, typed, storeID)
	if err != nil {
		return nil, err
	}
	if keep > 0 && !list.stale {
		s.o.Cache.Set(ctx, key, list.pack(), keep)
	}
	list.stale = list.stale || !reached
	return s.richAnswer(list, nil, keep > 0).unlessKnown(in.IfNoneMatch), nil
}

func (s *Server) richAnswer(list richSuggestions, age *time.Duration, cached bool) *readyMade {
	out := &readyMade{Status: http.StatusOK, ContentType: jsonUTF8, CacheControl: "no-store", Body: list.body}
	out.tell(list.known, list.stale)
	if cached && !list.stale {
		out.CacheControl, out.ETag = "no-cache", digestOf(list.body).etag()
		out.since(age)
	}
	return out
}

func (s *Server) cachedRich(ctx context.Context, key string, asked search.Version) (richSuggestions, time.Duration, bool) {
	value, age, found := s.o.Cache.Get(ctx, key)
	if !found {
		return richSuggestions{}, 0, false
	}
	list, ok := unpackRich(value)
	age += list.took
	return list, age, ok && list.known.Visible >= asked && s.o.Watch.Shows(list.known.Stamp, list.ids, age)
}

// richEngine asks the engine, and the database for what products cost and
// whether they can be had. While the database cannot say, the index does.
func (s *Server) richEngine(ctx context.Context, typed string, storeID int64) (list richSuggestions, err error) {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	if err := s.gate.enter(ctx); err != nil {
		return list, err
	}
	defer s.gate.leave()
	begun := time.Now()
	list.known = s.o.Watch.Known()
	found, err := s.o.Engine.SuggestRich(ctx, typed, storeID)
	if err != nil {
		return list, err
	}
	var hits []search.Hit
	for _, f := range found {
		if f.Type == search.SuggestProduct {
			list.ids, hits = append(list.ids, f.ID), append(hits, search.Hit{ID: f.ID})
		}
	}
	var now map[int64]search.Live
	if len(hits) > 0 {
		live, ok := s.live.read(ctx, search.Params{StoreID: storeID, InStock: storeID == 0}, hits)
		if !ok {
			if live, err = s.o.Engine.Indexed(ctx, list.ids, storeID); err != nil {
				return list, err
			}
		}
		now, list.stale = live, !ok
	}
	list.body, err = marshal(viewSuggestions(found, now, storeID))
	list.took = time.Since(begun)
	if err != nil {
		return list, fmt.Errorf("encode suggestions: %w", err)
	}
	return list, nil
}

// viewSuggestions leaves out products that are not sold (there) any more.
func viewSuggestions(found []search.Suggestion, now map[int64]search.Live, storeID int64) []suggestionView {
	views := make([]suggestionView, 0, len(found))
	for _, f := range found {
		view := suggestionView{Type: string(f.Type), Text: f.Text, Completed: f.Completed}
		if f.Type == search.SuggestProduct {
			live, sold := now[f.ID]
			if !sold || (storeID != 0 && !live.Carried) {
				continue
			}
			price, has := live.Price.String(), live.InStock
			if storeID != 0 {
				has = live.Quantity > 0
			}
			view.ID, view.Price, view.InStock = &f.ID, &price, &has
		}
		views = append(views, view)
	}
	return views
}

// pack writes the suggestions for the cache.
func (l richSuggestions) pack() []byte {
	b := appendKnown(nil, l.known)
	b = binary.AppendVarint(b, int64(l.took))
	b = binary.AppendUvarint(b, uint64(len(l.ids)))
	for _, id := range l.ids {
		b = binary.AppendVarint(b, id)
	}
	return append(b, l.body...)
}

// unpackRich reads what pack wrote; false for anything else.
func unpackRich(b []byte) (richSuggestions, bool) {
	r := entryReader{rest: b}
	l := richSuggestions{suggestions: suggestions{known: r.known()}, took: time.Duration(r.varint())}
	l.ids = make([]int64, r.length(search.MaxSuggest))
	for i := range l.ids {
		l.ids[i] = r.varint()
	}
	l.body = r.rest
	return l, !r.broken && len(l.body) > 0
}

// richKey names rich suggestions in the cache; case does not matter.
func richKey(typed string, storeID int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d", strings.ToLower(typed), storeID))
	return "suggest-rich:1:" + hex.EncodeToString(sum[:16])
}
