package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"aforro/pkg/search"
)

const suggestDoc = `Titles that begin with what was typed, then titles that contain it, each without doubles. Fewer than three characters give none.
With format=rich objects: up to 5 queries, 3 brands, 3 categories and 10 products that have words which begin like those typed, in any order, misspelt ones allowed for when nothing does;
only what leads to products (of the store). Prices and stock are those of now.`

type suggestInput struct {
	Address
	Query   string  `query:"q" maxLength:"500" example:"can" doc:"What was typed so far."`
	StoreID integer `query:"store_id" doc:"Keeps what this store carries."`
	Format  string  `query:"format" enum:"rich" doc:"rich gives objects: queries, brands, categories and products; else titles."`

	CacheControl string `header:"Cache-Control" doc:"no-cache asks for a fresh answer."`
	IfNoneMatch  string `header:"If-None-Match" doc:"An ETag: 304 while the answer is the same."`
	Position     string `header:"X-Aforro-Position" example:"0/16B3748" doc:"What a write answered: the suggestions wait for it, bounded, and have it."`
}

// suggest answers from the cache when it may, else from the engine.
func (s *Server) suggest(ctx context.Context, in *suggestInput) (*readyMade, error) {
	var r reader
	typed, storeID, asked := r.query(in.Query), r.id("store_id", in.StoreID), r.logPosition(in.Position)
	rich := r.format(in.Format)
	if err := r.err(); err != nil {
		return nil, err
	}
	if storeID != 0 {
		if err := s.stores.check(ctx, storeID, "query.store_id"); err != nil {
			return nil, err
		}
	}
	if utf8.RuneCountInString(typed) < search.MinSuggest {
		return &readyMade{Status: http.StatusOK, ContentType: jsonUTF8, CacheControl: "no-store", Body: []byte("[]")}, nil
	}
	if rich {
		return s.suggestRich(ctx, in, typed, storeID, asked)
	}
	reached := s.await(ctx, asked)
	want := wanted{
		key: suggestKey(typed, storeID), fresh: s.o.SuggestCache, asked: asked, renew: wantsFresh(in.CacheControl),
		make: func(ctx context.Context) (packedPage, error) { return s.suggestEngine(ctx, typed, storeID) },
	}
	got, err := s.answers.get(ctx, want)
	if err != nil {
		return nil, err
	}
	got.Behind = !reached
	out := s.suggestAnswer(got)
	s.shelve(in.Address, got, form{answer: *out, want: want, store: storeID})
	return out.unlessKnown(in.IfNoneMatch), nil
}

// suggestAnswer makes the answer. Who keeps it must not take it for one that has
// waited for a position.
func (s *Server) suggestAnswer(list given) *readyMade {
	out := &readyMade{Status: http.StatusOK, ContentType: jsonUTF8, CacheControl: "no-store", Body: list.Results}
	out.tell(list)
	if s.o.SuggestCache > 0 && !list.doubtful() {
		out.CacheControl, out.Vary = "max-age="+strconv.Itoa(int(s.o.SuggestCache.Seconds())), positionHeader
		out.ETag = list.digest.etag()
	}
	return out
}

func (s *Server) suggestEngine(ctx context.Context, typed string, storeID int64) (packedPage, error) {
	known, begun := s.o.Watch.Known(), time.Now()
	titles, err := s.o.Engine.Suggest(ctx, typed, storeID)
	if err != nil {
		return packedPage{}, err
	}
	if titles == nil {
		titles = []string{}
	}
	body, err := marshal(titles)
	if err != nil {
		return packedPage{}, fmt.Errorf("encode suggestions: %w", err)
	}
	return packedPage{Results: body, digest: digestOf(body), Known: known, Took: time.Since(begun)}, nil
}
