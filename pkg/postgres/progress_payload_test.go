package postgres

import (
	"encoding/base64"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aforro/pkg/search"
)

// mustTravel writes a message and reads it back.
func mustTravel(tb testing.TB, p search.Progress) (back search.Progress, parts int) {
	tb.Helper()
	texts, err := payloads(p)
	if err != nil {
		tb.Fatal(err)
	}
	var a assembler
	for i, text := range texts {
		if len(text) > maxPayload {
			tb.Fatalf("a payload has %d bytes", len(text))
		}
		told, whole, err := a.add(text)
		if err != nil || whole != (i == len(texts)-1) {
			tb.Fatalf("part %d of %d: whole %t, %v", i, len(texts), whole, err)
		}
		back = told
	}
	return back, len(texts)
}

// equal takes what is told by name as a set, and times by the microsecond.
func equal(got, want search.Progress) bool {
	want.Changed = slices.Compact(slices.Sorted(slices.Values(want.Changed)))
	if want.Everything = want.Everything || len(want.Changed) > maxTold; want.Everything {
		want.Changed = nil
	}
	times := got.AsOf.Equal(want.AsOf.Truncate(time.Microsecond)) && got.AsOf.IsZero() == want.AsOf.IsZero()
	got.AsOf, want.AsOf = time.Time{}, time.Time{}
	return times && reflect.DeepEqual(got, want)
}

func TestProgressTravels(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		p := search.Progress{Epoch: strings.Repeat("ä", rng.IntN(40)), Sequence: rng.Int64(), Visible: search.Version(rng.Int64()),
			Everything: rng.IntN(10) == 0}
		if rng.IntN(4) > 0 {
			p.AsOf = time.UnixMicro(rng.Int64N(1 << 52)).UTC()
		}
		spread := int64(1) << rng.IntN(62)
		for range rng.IntN(1 << rng.IntN(16)) {
			p.Changed = append(p.Changed, rng.Int64N(spread)-rng.Int64N(2)*spread/3)
		}
		for range rng.IntN(6) {
			p.Freshness = append(p.Freshness, search.Freshness{Kind: "quantity", Changes: rng.Int64(),
				P50: time.Duration(rng.Int64()), P99: time.Duration(rng.Int64()), Max: math.MaxInt64})
		}
		if got, _ := mustTravel(t, p); !equal(got, p) {
			t.Fatalf("%d changes, everything %t, %d measures did not travel: %.300v", len(p.Changed), p.Everything, len(p.Freshness), got)
		}
	}
}

func TestHowMuchProgressFits(t *testing.T) {
	t.Parallel()
	numbers := func(n int, step int64) (ids []int64) {
		for i := range n {
			ids = append(ids, math.MinInt64/2+int64(i)*step)
		}
		return ids
	}
	for _, c := range []struct {
		n          int
		step       int64
		parts      int
		everything bool
	}{{0, 1, 1, false}, {1, 1, 1, false}, {5000, 1, 1, false}, {maxTold, 1, 4, false}, {maxTold, math.MaxInt64 / maxTold, 24, false}, {maxTold + 1, 1, 1, true}} {
		p := search.Progress{Epoch: "e", Sequence: 1, Changed: numbers(c.n, c.step)}
		got, parts := mustTravel(t, p)
		if parts != c.parts || got.Everything != c.everything || !equal(got, p) {
			t.Errorf("%d ids: %d parts, everything %t", c.n, parts, got.Everything)
		}
	}
	if _, err := payloads(search.Progress{Epoch: strings.Repeat("e", maxHead)}); err == nil {
		t.Error("an epoch without end was written")
	}
}

// Of a message that has lost a part nothing is told, whichever part it is.
func TestAPartIsMissing(t *testing.T) {
	t.Parallel()
	p := search.Progress{Epoch: "e", Sequence: 1}
	for id := range int64(maxTold) {
		p.Changed = append(p.Changed, id*1000)
	}
	texts, err := payloads(p)
	if err != nil || len(texts) < 4 {
		t.Fatal(len(texts), err)
	}
	next, err := payloads(search.Progress{Epoch: "e", Sequence: 2})
	if err != nil {
		t.Fatal(err)
	}
	for missing := range texts {
		var a assembler
		for i, text := range slices.Concat(texts, next) {
			if i == missing {
				continue
			}
			told, whole, err := a.add(text)
			if err != nil || whole != (i == len(texts)) || (whole && told.Sequence != 2) {
				t.Fatalf("without part %d: part %d gives %t, %+v, %v", missing, i, whole, told.Sequence, err)
			}
		}
	}
}

func TestBrokenPayloads(t *testing.T) {
	t.Parallel()
	texts, err := payloads(search.Progress{Epoch: "e", Sequence: 1, Changed: []int64{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	good, twice := texts[0], base64.RawStdEncoding.EncodeToString(append(head(search.Progress{Epoch: "e"}, 0, 1), 2, 0))
	for _, bad := range []string{"", "1", "2" + good[1:], good[:8], good + "=", "1" + twice, strings.Repeat("1", maxPayload+1), "1\x00", "hello"} {
		if p, err := readPayload(bad); err == nil {
			t.Errorf("%.40q is read as %+v", bad, p)
		}
	}
}

// Whatever can be read is what would be written.
func FuzzPayload(f *testing.F) {
	for _, p := range []search.Progress{
		{}, {Epoch: "e", Sequence: 1, Changed: []int64{-5, 1, math.MaxInt64}}, {Everything: true, Visible: 7, AsOf: time.Unix(1, 0)},
		{Epoch: "e", Freshness: []search.Freshness{{Kind: "price", Changes: 3, P50: 1, P99: 2, Max: 3}}},
	} {
		texts, err := payloads(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(texts[0])
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := readPayload(text)
		if err != nil || p.of != 1 || p.Everything {
			return
		}
		if back, parts := mustTravel(t, p.Progress); parts != 1 || !equal(back, p.Progress) {
			t.Errorf("%q is read as %+v and comes back as %+v", text, p, back)
		}
	})
}
