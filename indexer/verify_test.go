package indexer

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"aforro/pkg/search"
)

func TestSourcesAreComparedByValue(t *testing.T) {
	t.Parallel()
	v := &Verifier{reader: rendered(`{"a":1,"b":["x",2.50]}`)}
	for source, want := range map[string]bool{
		`{"a":1,"b":["x",2.50]}`:    true,
		`{ "b": ["x", 2.50],"a":1}`: true,
		`{"a":1,"b":[2.50,"x"]}`:    false,
		`{"a":1}`:                   false,
		`{"a":`:                     false,
	} {
		if same, err := v.same(&search.Document{}, []byte(source), search.Products); err != nil || same != want {
			t.Errorf("%s: %t, %v", source, same, err)
		}
	}
}

type constant struct {
	Reader
	json string
}

func rendered(json string) constant { return constant{json: json} }

func (c constant) Render(*search.Document, search.Part) ([]byte, error) { return []byte(c.json), nil }

// Whatever is stored, in which order of pages it comes and how many documents
// claim one id: each document that is not as it should be is a suspect.
func TestEveryDifferenceOfARangeIsASuspect(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 5))
		c, want, suspects, strays := randomRange(r)
		f := &findings{v: &Verifier{size: 3 + r.IntN(5)}}
		if err := c.run(t.Context(), f.v, search.Products, search.Everywhere, want, f); err != nil {
			t.Fatal(err)
		}
		for id := range suspects {
			if _, ok := f.suspects[search.Products][id]; !ok {
				t.Fatalf("seed %d: %d is no suspect", seed, id)
			}
		}
		if len(f.suspects[search.Products]) != len(suspects) || int(f.report.Counts[Stray]) != strays {
			t.Fatalf("seed %d: %v, %v, want %v and %d strays", seed, f.suspects, f.report.Counts, suspects, strays)
		}
	}
}

// randomRange has a few products, stored ones that are right and wrong, and what
// is to be found in them. An id is claimed by two at most, a page holds three.
func randomRange(r *rand.Rand) (c comparison[int64], want []int64, suspects map[int64]bool, strays int) {
	var stored []search.StoredDocument
	suspects = map[int64]bool{}
	// Few are wanted at times: what is stored then takes several pages.
	rare := 1 + 9*r.IntN(2)
	for id := range int64(5 + r.IntN(20)) {
		id = 3*id - 9
		wanted, kept, right := r.IntN(rare) == 0, r.IntN(5) > 0, r.IntN(5) > 0
		if wanted {
			want = append(want, id)
		}
		if kept {
			s := search.StoredDocument{ID: id, Hash: 1}
			if right {
				s.Hash = 0
			}
			stored = append(stored, s)
		}
		if wanted != kept || (kept && !right) {
			suspects[id] = true
		}
		switch r.IntN(8) {
		case 0:
			stored = append(stored, search.StoredDocument{ID: id, Name: strconv.FormatInt(id+1000, 10)})
			suspects[id+1000] = true
		case 1:
			stored = append(stored, search.StoredDocument{ID: id, Name: "x" + strconv.FormatInt(id, 10)})
			strays++
		}
	}
	c = comparison[int64]{
		id:   func(id *int64) int64 { return *id },
		same: func(_ *int64, s *search.StoredDocument) (bool, error) { return s.Hash == 0, nil },
		scan: func(span search.Span, limit int) ([]search.StoredDocument, error) {
			var page []search.StoredDocument
			for _, s := range stored {
				if s.ID > span.After && s.ID <= span.UpTo {
					page = append(page, s)
				}
			}
			return page[:min(limit, len(page))], nil
		},
	}
	return c, want, suspects, strays
}

// The pieces of a method lie side by side and cover everything, whatever ids
// there are and however many.
func TestPiecesCoverEverything(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 6))
		ids := make([]int64, r.IntN(30))
		for i := range ids {
			ids[i] = r.Int64() >> r.IntN(60) * int64(1-2*r.IntN(2))
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		how := method{limit: int64(1 + r.IntN(6)), together: 1 + r.IntN(3)}
		how.cut = func(_ context.Context, after int64) (p piece, err error) {
			for _, id := range ids {
				if id > after && p.products < how.limit {
					p.products, p.span.UpTo = p.products+1, id
				}
			}
			return p, nil
		}
		work := make(chan []piece, 100)
		if err := how.read(t.Context(), work, pace{}); err != nil {
			t.Fatal(err)
		}
		close(work)
		end, products := int64(math.MinInt64), int64(0)
		for pieces := range work {
			if len(pieces) == 0 || len(pieces) > how.together {
				t.Fatalf("seed %d: %d pieces at once", seed, len(pieces))
			}
			for _, p := range pieces {
				if p.span.After != end || p.span.UpTo <= p.span.After || p.products > how.limit {
					t.Fatalf("seed %d: %+v after %d", seed, p, end)
				}
				end, products = p.span.UpTo, products+p.products
			}
		}
		if end != math.MaxInt64 || products != int64(len(ids)) {
			t.Fatalf("seed %d: ended at %d with %d of %d", seed, end, products, len(ids))
		}
	}
}

func TestOnlyAPlainNumberNamesAProduct(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"7": true, "-7": true, "07": false, "+7": false, "": false, "abc": false, "7 ": false, "99999999999999999999": false} {
		if _, ok := product(name); ok != want {
			t.Errorf("%q: %t", name, ok)
		}
	}
}
