package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"aforro/pkg/search"
)

const suggestDoc = `Titles that begin with what was typed, then titles that contain it, each without doubles. Fewer than three characters give none.`

type suggestInput struct {
	Query   string  `query:"q" maxLength:"500" example:"can" doc:"What was typed so far."`
	StoreID integer `query:"store_id" doc:"Keeps what this store carries."`

	CacheControl string `header:"Cache-Control" doc:"no-cache asks for a fresh answer."`
}

// suggest answers from the cache when it may, else from the engine.
func (s *Server) suggest(ctx context.Context, in *suggestInput) (*readyMade, error) {
	var r reader
	typed, storeID := r.query(in.Query), r.id("store_id", in.StoreID)
	if err := r.err(); err != nil {
		return nil, err
	}
	if storeID != 0 {
		if err := s.stores.check(ctx, storeID, "query.store_id"); err != nil {
			return nil, err
		}
	}
	out := &readyMade{ContentType: jsonUTF8, CacheControl: "no-store"}
	if utf8.RuneCountInString(typed) < search.MinSuggest {
		out.Body = []byte("[]")
		return out, nil
	}
	return out, s.suggestInto(ctx, out, in, typed, storeID)
}

func (s *Server) suggestInto(ctx context.Context, out *readyMade, in *suggestInput, typed string, storeID int64) (err error) {
	ttl := s.o.SuggestCache
	key := suggestKey(typed, storeID)
	if ttl > 0 && !wantsFresh(in.CacheControl) {
		if value, age, found := s.o.Cache.Get(ctx, key); found {
			out.Body = value
			out.cacheable(ttl, &age)
			return nil
		}
	}
	if out.Body, err = s.suggestEngine(ctx, typed, storeID); err != nil || ttl == 0 {
		return err
	}
	s.o.Cache.Set(ctx, key, out.Body, ttl)
	out.cacheable(ttl, nil)
	return nil
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
	return "suggest:1:" + hex.EncodeToString(sum[:16])
}
