package api

import (
	"context"
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

// suggestRich answers from the cache when nothing on the answer has changed, else
// from the engine and the database.
func (s *Server) suggestRich(ctx context.Context, in *suggestInput, typed string, storeID int64, asked search.Version) (*readyMade, error) {
	reached := s.await(ctx, asked)
	want := wanted{
		// What is shown must be known to be true for as long as it is kept.
		key: richKey(typed, storeID), fresh: min(s.o.SearchCache, s.o.SuggestCache), watched: true, asked: asked, renew: wantsFresh(in.CacheControl),
		make: func(ctx context.Context) (packedPage, error) { return s.richEngine(ctx, typed, storeID) },
	}
	got, err := s.answers.get(ctx, want)
	if err != nil {
		return nil, err
	}
	got.Behind = !reached
	out := &readyMade{Status: http.StatusOK, ContentType: jsonUTF8, CacheControl: "no-store", Body: got.Results}
	out.tell(got)
	if want.fresh > 0 && !got.doubtful() {
		out.CacheControl, out.ETag = "no-cache", got.digest.etag()
	}
	s.shelve(in.Address, got, form{answer: *out, want: want, store: storeID})
	return out.unlessKnown(in.IfNoneMatch), nil
}

// richEngine asks the engine, and the database for what products cost and
// whether they can be had. While the database cannot say, the index does.
func (s *Server) richEngine(ctx context.Context, typed string, storeID int64) (packedPage, error) {
	known, begun := s.o.Watch.Known(), time.Now()
	found, err := s.o.Engine.SuggestRich(ctx, typed, storeID)
	if err != nil {
		return packedPage{}, err
	}
	var hits []search.Hit
	for _, f := range found {
		if f.Type == search.SuggestProduct {
			hits = append(hits, search.Hit{ID: f.ID})
		}
	}
	now, live, err := s.stockOf(ctx, hits, storeID)
	if err != nil {
		return packedPage{}, err
	}
	body, err := marshal(viewSuggestions(found, now, storeID))
	if err != nil {
		return packedPage{}, fmt.Errorf("encode suggestions: %w", err)
	}
	return packedPage{Results: body, digest: digestOf(body), Known: known, IDs: idsOf(hits), Took: time.Since(begun), Stale: !live}, nil
}

// stockOf is what products cost and whether they can be had, of the database; of
// the index, and false, while the database cannot say.
func (s *Server) stockOf(ctx context.Context, hits []search.Hit, storeID int64) (now map[int64]search.Live, live bool, err error) {
	if len(hits) == 0 {
		return nil, true, nil
	}
	if !s.o.FromIndex {
		if now, live = s.live.read(ctx, search.Params{StoreID: storeID, InStock: storeID == 0}, hits); live {
			return now, true, nil
		}
	}
	now, err = s.o.Engine.Indexed(ctx, idsOf(hits), storeID)
	return now, s.o.FromIndex, err
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

// richKey names rich suggestions in the cache; case does not matter.
func richKey(typed string, storeID int64) string {
	return keyOf("suggest-rich", fmt.Appendf(nil, "%q %d", strings.ToLower(typed), storeID))
}
