package indexer

import (
	"context"
	"testing"
	"time"

	"aforro/pkg/search"
)

func TestPendingMergesWhatBelongsTogether(t *testing.T) {
	t.Parallel()
	p := newPending(10)
	at := time.Unix(1000, 0)
	for _, e := range []search.Event{
		{Kind: search.Begin, Transaction: 7}, {Kind: search.ProductChanged, ID: 1}, {Kind: search.ProductChanged, ID: 1},
		{Kind: search.CategoryChanged, ID: 3}, {Kind: search.Commit, Position: 50, At: at},
		{Kind: search.Begin, Transaction: 8}, {Kind: search.ProductChanged, ID: 2}, {Kind: search.Commit, Position: 60, At: at.Add(time.Second)},
		{Kind: search.Begin, Transaction: 9}, {Kind: search.ProductChanged, ID: 4},
	} {
		if err := p.add(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	b := p.take()
	if len(b.products) != 3 || len(b.categories) != 1 || len(b.transactions) != 3 || b.position != 60 || !b.oldest.Equal(at) {
		t.Errorf("%+v", b)
	}
	if b = p.take(); !b.idle() || b.position != 0 {
		t.Errorf("what is left: %+v", b)
	}
	// The rest of the transaction belongs to it too.
	_, _ = p.merge(search.Event{Kind: search.ProductChanged, ID: 5})
	_, _ = p.merge(search.Event{Kind: search.Commit, Position: 70})
	if b = p.take(); len(b.transactions) != 1 || b.position != 70 {
		t.Errorf("the rest: %+v", b)
	}
}

func TestPendingIsBounded(t *testing.T) {
	t.Parallel()
	p := newPending(4)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	added := make(chan int64)
	go func() {
		defer close(added)
		if p.add(ctx, search.Event{Kind: search.Begin, Transaction: 1}) != nil {
			return
		}
		for id := int64(1); p.add(ctx, search.Event{Kind: search.ProductChanged, ID: id}) == nil; id++ {
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
	if b := p.take(); len(b.products) != 3 {
		t.Errorf("%+v", b)
	}
	if id := <-added; id != 4 {
		t.Errorf("then came %d", id)
	}
}

func TestIdlePositionsDoNotGoBack(t *testing.T) {
	t.Parallel()
	p := newPending(4)
	if _, notable := p.merge(search.Event{Kind: search.Idle, Position: 90}); !notable {
		t.Error("a new position is worth confirming")
	}
	if _, notable := p.merge(search.Event{Kind: search.Idle, Position: 80}); notable {
		t.Error("an old position is not")
	}
	if b := p.take(); b.position != 90 || !b.idle() {
		t.Errorf("%+v", b)
	}
}

func TestWritesPairIDsWithDocuments(t *testing.T) {
	t.Parallel()
	docs := []search.Document{{ID: 2}, {ID: 5}}
	list := writes([]int64{1, 2, 4, 5, 6}, docs, 9)
	for i, want := range []bool{false, true, false, true, false} {
		w := list[i]
		if (w.Document != nil) != want || w.Version != 9 || (want && w.Document.ID != w.ID) {
			t.Errorf("%d: %+v", i, w)
		}
	}
}

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
