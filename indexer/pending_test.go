package indexer

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"aforro/pkg/search"
)

// deaf does not care whether the stream is read.
type deaf struct{}

func (deaf) wait() {}
func (deaf) goOn() {}

func gather(tb testing.TB, p *pending, events ...search.Event) {
	tb.Helper()
	for _, e := range events {
		if err := p.add(tb.Context(), e, deaf{}); err != nil {
			tb.Fatal(err)
		}
	}
}

func changed(id int64, c search.Change) search.Event {
	return search.Event{Kind: search.ProductChanged, ID: id, Change: c}
}

func ids(b batch) []int64 {
	list, _ := b.ids()
	return list
}

// whole is more than any test takes.
const whole = 1000

func TestPendingMergesWhatBelongsTogether(t *testing.T) {
	t.Parallel()
	p := newPending(10, 0)
	at := time.Unix(1000, 0)
	gather(t, p,
		search.Event{Kind: search.Begin, Transaction: 7, At: at}, changed(1, search.Text), changed(1, search.Price),
		search.Event{Kind: search.CategoryChanged, ID: 3}, search.Event{Kind: search.Commit, Position: 50},
		search.Event{Kind: search.Begin, Transaction: 8, At: at.Add(time.Second)}, changed(1, search.Price), changed(2, search.Listing),
		search.Event{Kind: search.Commit, Position: 60},
		search.Event{Kind: search.Begin, Transaction: 9, At: at.Add(2 * time.Second)}, changed(4, search.Text),
	)
	b := p.take(time.Now(), whole)
	if !slices.Equal(ids(b), []int64{1, 2, 4}) || len(b.categories) != 1 || len(b.transactions) != 3 || b.confirm != 60 || b.searchable != 60 {
		t.Errorf("%+v", b)
	}
	if _, listing := b.ids(); len(listing) != 1 || !listing[2] {
		t.Errorf("suggestions of %v", listing)
	}
	// One product and kind is measured once, from its first change.
	want := []sample{{text, at}, {price, at}, {text, at.Add(2 * time.Second)}}
	if got := b.samples(); !slices.Equal(got, want) {
		t.Errorf("samples %v, want %v", got, want)
	}
	if b = p.take(time.Now(), whole); !b.idle() || b.confirm != 60 {
		t.Errorf("what is left: %+v", b)
	}
	// The rest of the transaction belongs to it too.
	gather(t, p, changed(5, search.Text), search.Event{Kind: search.Commit, Position: 70})
	if b = p.take(time.Now(), whole); len(b.transactions) != 1 || b.confirm != 70 {
		t.Errorf("the rest: %+v", b)
	}
}

// A quantity waits for its window; the position waits with it, what is searched
// for does not. A second change brings it forward.
func TestQuantitiesWaitForTheirWindow(t *testing.T) {
	t.Parallel()
	p := newPending(100, time.Minute)
	gather(t, p,
		search.Event{Kind: search.Begin, Transaction: 1}, changed(1, search.Quantity), changed(2, search.Quantity), search.Event{Kind: search.Commit, Position: 10},
		search.Event{Kind: search.Begin, Transaction: 2}, changed(3, search.Availability), search.Event{Kind: search.Commit, Position: 20},
	)
	now := time.Now()
	b := p.take(now, whole)
	if !slices.Equal(ids(b), []int64{3}) || b.confirm != 0 || b.searchable != 20 {
		t.Errorf("first %v, confirm %d, searchable %d", ids(b), b.confirm, b.searchable)
	}
	gather(t, p, search.Event{Kind: search.Begin, Transaction: 3}, changed(2, search.Availability), search.Event{Kind: search.Commit, Position: 30})
	b = p.take(now, whole)
	if !slices.Equal(ids(b), []int64{2}) || b.confirm != 0 || b.searchable != 30 {
		t.Errorf("then %v, confirm %d, searchable %d", ids(b), b.confirm, b.searchable)
	}
	if at, ok := p.due(now, b.confirm); !ok || at.Before(now.Add(time.Minute/2)) {
		t.Errorf("due %s, %t", at, ok)
	}
	b = p.take(now.Add(time.Minute), whole)
	if !slices.Equal(ids(b), []int64{1}) || b.confirm != 30 {
		t.Errorf("at last %v, confirm %d", ids(b), b.confirm)
	}
	if _, ok := p.due(now, 30); ok {
		t.Error("something is still due")
	}
}

// What is left behind by a bounded batch keeps its place, and no lane starves.
func TestABatchIsBounded(t *testing.T) {
	t.Parallel()
	p := newPending(1000, 0)
	for n := range int64(30) {
		gather(t, p, search.Event{Kind: search.Begin, Transaction: uint32(n), At: time.Unix(n, 0)},
			changed(n, []search.Change{search.Price, search.Text, search.Quantity}[n/10]), search.Event{Kind: search.Commit, Position: search.Version(100 + n)})
	}
	b := p.take(time.Now(), 16)
	if got := ids(b); !slices.Equal(got, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20, 21}) {
		t.Errorf("took %v", got)
	}
	// 14 was committed at 114, so the stream resumes after 13; all texts from there on wait.
	if b.confirm != 113 || b.searchable != 113 || !b.asOf.Equal(time.Unix(14, 0)) {
		t.Errorf("confirm %d, searchable %d, as of %s", b.confirm, b.searchable, b.asOf)
	}
	b = p.take(time.Now(), 100)
	if len(b.entries) != 14 || b.confirm != 129 {
		t.Errorf("then %d, confirm %d", len(b.entries), b.confirm)
	}
}

// Whatever comes in whatever order, nothing is confirmed that was not taken, and
// in the end everything was.
func TestPositionsNeverPassWhatWaits(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := newPending(1_000_000, time.Millisecond)
		last := map[int64]search.Version{} // the last commit of a product that was not taken
		now, position := time.Now(), search.Version(0)
		check := func(b batch) {
			for _, e := range b.entries {
				delete(last, e.id)
			}
			for id, at := range last {
				if b.confirm >= at {
					t.Fatalf("seed %d: %d is confirmed, product %d of %d waits", seed, b.confirm, id, at)
				}
			}
		}
		for n := range 300 {
			position += search.Version(1 + r.IntN(5))
			gather(t, p, search.Event{Kind: search.Begin, Transaction: uint32(n)})
			for range r.IntN(4) {
				id := int64(r.IntN(20))
				gather(t, p, changed(id, search.Change(1+r.IntN(31))))
				last[id] = position
			}
			gather(t, p, search.Event{Kind: search.Commit, Position: position})
			if r.IntN(3) == 0 {
				check(p.take(now.Add(time.Duration(r.IntN(4))*time.Millisecond), 1+r.IntN(8)))
			}
		}
		b := p.take(now.Add(time.Hour), 1000)
		check(b)
		if len(last) > 0 || b.confirm != position || b.searchable != position {
			t.Fatalf("seed %d: left %v, confirm %d of %d", seed, last, b.confirm, position)
		}
	}
}

func TestPendingIsBounded(t *testing.T) {
	t.Parallel()
	p := newPending(4, 0)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	added := make(chan int64)
	go func() {
		defer close(added)
		if p.add(ctx, search.Event{Kind: search.Begin, Transaction: 1}, deaf{}) != nil {
			return
		}
		for id := int64(1); p.add(ctx, changed(id, search.Text), deaf{}) == nil; id++ {
			added <- id
		}
	}()
	for range 3 {
		<-added
	}
	select {
	case id := <-added:
		t.Fatalf("product %d found room", id)
	case <-p.more:
	}
	if b := p.take(time.Now(), whole); len(b.entries) != 3 {
		t.Errorf("%+v", b)
	}
	if id := <-added; id != 4 {
		t.Errorf("then came %d", id)
	}
}

func TestIdlePositionsDoNotGoBack(t *testing.T) {
	t.Parallel()
	p := newPending(4, 0)
	if _, notable := p.merge(search.Event{Kind: search.Idle, Position: 90}); !notable {
		t.Error("a new position is worth confirming")
	}
	if _, notable := p.merge(search.Event{Kind: search.Idle, Position: 80}); notable {
		t.Error("an old position is not")
	}
	if b := p.take(time.Now(), whole); b.confirm != 90 || !b.idle() {
		t.Errorf("%+v", b)
	}
}

// The time of what is known is that of the mark which the stream has passed.
func TestTheTimeOfTheStreamIsMarked(t *testing.T) {
	t.Parallel()
	p := newPending(4, 0)
	first, second := time.Unix(10, 0), time.Unix(20, 0)
	if at := p.at(mark{100, first}); !at.IsZero() {
		t.Errorf("known as of %s before anything came", at)
	}
	gather(t, p, search.Event{Kind: search.Idle, Position: 99})
	if at := p.at(mark{200, second}); !at.IsZero() {
		t.Errorf("known as of %s", at)
	}
	gather(t, p, search.Event{Kind: search.Idle, Position: 100})
	if at := p.at(mark{200, second}); !at.Equal(first) {
		t.Errorf("known as of %s, want %s", at, first)
	}
	gather(t, p, search.Event{Kind: search.Commit, Position: 250})
	if at := p.at(mark{300, time.Unix(30, 0)}); !at.Equal(second) {
		t.Errorf("known as of %s, want %s", at, second)
	}
}

func TestWritesPairIDsWithDocuments(t *testing.T) {
	t.Parallel()
	docs := []search.Document{{ID: 2}, {ID: 5}}
	list := writes([]int64{1, 2, 4, 5, 6}, docs, 9, map[int64]bool{2: true})
	for i, want := range []bool{false, true, false, true, false} {
		w := list[i]
		if (w.Document != nil) != want || w.Listing != (w.ID == 2) || w.Version != 9 || (want && w.Document.ID != w.ID) {
			t.Errorf("%d: %+v", i, w)
		}
	}
}

func TestRangesEndWhereBothSidesWereRead(t *testing.T) {
	t.Parallel()
	docs := func(ids ...int64) (list []search.Document) {
		for _, id := range ids {
			list = append(list, search.Document{ID: id})
		}
		return list
	}
	stored := func(ids ...int64) (list []search.StoredDocument) {
		for _, id := range ids {
			list = append(list, search.StoredDocument{ID: id})
		}
		return list
	}
	for _, c := range []struct {
		name        string
		docs        []search.Document
		stored      []search.StoredDocument
		nd, ns      int
		more        bool
		upTo        int64
		wrong       int
		description string
	}{
		{"both full", docs(1, 2, 3), stored(1, 3, 4), 3, 2, true, 3, 1, "2 is missing"},
		{"index behind", docs(1, 5, 9), stored(1, 2, 3), 1, 3, true, 3, 2, "2 and 3 are extra"},
		{"both ended", docs(1, 2), stored(9), 2, 1, false, 1<<63 - 1, 3, "nothing fits"},
		{"one ended", docs(1, 2), stored(7, 8, 9), 2, 3, true, 9, 5, "nothing fits"},
	} {
		d, s, upTo, more := sameRange(c.docs, c.stored, 3)
		if len(d) != c.nd || len(s) != c.ns || more != c.more || upTo != c.upTo {
			t.Errorf("%s: %d %d %d %t", c.name, len(d), len(s), upTo, more)
		}
		wrong, err := (&Verifier{reader: alike{}}).compare(d, s, search.Products)
		if err != nil || len(wrong) != c.wrong {
			t.Errorf("%s (%s): %v, %v", c.name, c.description, wrong, err)
		}
	}
}

// alike renders every document as what is stored.
type alike struct{ Reader }

func (alike) Render(*search.Document, search.Part) ([]byte, error) { return nil, nil }

func TestSourcesAreComparedByValue(t *testing.T) {
	t.Parallel()
	v := &Verifier{reader: rendered(`{"a":1,"b":["x",2.50]}`)}
	for source, want := range map[string]bool{
		`{"a":1,"b":["x",2.50]}`:    true,
		`{ "b": ["x", 2.50],"a":1}`: true,
		`{"a":1,"b":[2.50,"x"]}`:    false,
		`{"a":1}`:                   false,
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

func TestStatusSaysWhatIsAwaited(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Status{
		"index building, 43 %":                             {Phase: Building, Done: 434, Total: 1000},
		"index building, 0 %":                              {Phase: Building},
		"following changes":                                {Phase: Streaming},
		"index built, catching up with changes":            {Phase: CatchingUp},
		"connecting to PostgreSQL and Elasticsearch":       {},
		"standing by: another indexer follows the changes": {Phase: StandingBy},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if s.Ready() != (s.Phase == Streaming) {
			t.Errorf("%s: ready is %t", want, s.Ready())
		}
	}
}
