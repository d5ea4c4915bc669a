package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"aforro/pkg/search"
)

const suggestDoc = `Titles that begin with what was typed, then titles that contain it, each without doubles. Fewer than three characters give none.
With format=rich objects: up to 5 queries, 3 brands, 3 categories and 10 products that have words which begin like those typed, in any order, misspelt ones allowed for when nothing does;
only what leads to products (of the store). Prices and stock are those of now.`

type suggestInput struct {
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
	list, age, err := s.suggestions(ctx, typed, storeID, asked, wantsFresh(in.CacheControl))
	if err != nil {
		return nil, err
	}
	return s.suggestAnswer(list, age, !reached).unlessKnown(in.IfNoneMatch), nil
}

// suggestAnswer makes the answer. Who keeps it must not take it for one that has
// waited for a position.
func (s *Server) suggestAnswer(list suggestions, age *time.Duration, stale bool) *readyMade {
	out := &readyMade{Status: http.StatusOK, ContentType: jsonUTF8, CacheControl: "no-store", Body: list.body}
	out.tell(list.known, stale)
	if s.o.SuggestCache > 0 && !stale {
		out.CacheControl, out.Vary = "max-age="+strconv.Itoa(int(s.o.SuggestCache.Seconds())), positionHeader
		out.ETag = digestOf(list.body).etag()
		out.since(age)
	}
	return out
}

// suggestions is an answer, and what was known of the index before it was asked.
type suggestions struct {
	known search.Known
	body  []byte
}

// suggestions come from the cache when they are of the position asked for; age is
// nil for those that do not.
func (s *Server) suggestions(ctx context.Context, typed string, storeID int64, asked search.Version, fresh bool) (list suggestions, age *time.Duration, err error) {
	key := suggestKey(typed, storeID)
	if s.o.SuggestCache > 0 && !fresh {
		if value, old, found := s.o.Cache.Get(ctx, key); found {
			r := entryReader{rest: value}
			list = suggestions{known: r.known(), body: r.rest}
			if !r.broken && len(list.body) > 0 && list.known.Visible >= asked {
				return list, &old, nil
			}
		}
	}
	list.known = s.o.Watch.Known()
	if list.body, err = s.suggestEngine(ctx, typed, storeID); err == nil && s.o.SuggestCache > 0 {
		s.o.Cache.Set(ctx, key, append(appendKnown(nil, list.known), list.body...), s.o.SuggestCache)
	}
	return list, nil, err
}

func (s *Server) suggestEngine(ctx context.Context, typed string, storeID int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	if err := s.gate.enter(ctx); err != nil {
		return nil, err
	}
	defer s.gate.leave()
	titles, err := s.o.Engine.Suggest(ctx, typed, storeID)
	if err != nil {
		return nil, err
	}
	if titles == nil {
		titles = []string{}
	}
	body, err := marshal(titles)
	if err != nil {
		return nil, fmt.Errorf("encode suggestions: %w", err)
	}
	return body, nil
}

// suggestKey names a suggestion in the cache; its case does not matter.
func suggestKey(typed string, storeID int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d", strings.ToLower(typed), storeID))
	return "suggest:2:" + hex.EncodeToString(sum[:16])
}
