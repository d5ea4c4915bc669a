package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestWhatIsSampled(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"  Wireless \t MOUSE ":    "wireless mouse",
		"usb c 3.2":               "usb c 3.2",
		"dell 5440":               "dell 5440",
		"ÉCRAN 27":                "écran 27",
		"":                        "",
		" \n":                     "",
		"mail me@example.com":     "",
		"4006381333931":           "",
		"call 98765 43210":        "",
		"+91 (987) 654-32":        "",
		"sku 1234567x":            "",
		"123456 a 7":              "123456 a 7",
		"a\x00b":                  "",
		"a\xffb":                  "",
		strings.Repeat("é", 100):  strings.Repeat("é", 100),
		strings.Repeat("é", 101):  "",
		strings.Repeat("x", 5000): "",
	} {
		got, ok := sampled(query)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%.40q: %q %v", query, got, ok)
		}
	}
}

// book is a store in memory.
type book struct {
	mu    sync.Mutex
	saved map[string]int64
	days  []int
	fails error
	calls chan struct{}
}

func (b *book) SaveSample(_ context.Context, counts []QueryCount, _, days int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.days = append(b.days, days)
	for _, c := range counts {
		if b.fails == nil {
			b.saved[c.Query] += c.Searches
		}
	}
	select {
	case b.calls <- struct{}{}:
	default:
	}
	return b.fails
}

func newBook() *book { return &book{saved: map[string]int64{}, calls: make(chan struct{}, 1)} }

func first(query string) Params { return Params{Query: query, Page: 1} }

func TestASampleIsSavedAtTheLatestAtTheEnd(t *testing.T) {
	t.Parallel()
	b := newBook()
	s := NewSample(b, slog.New(slog.DiscardHandler), true)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-b.calls
	for _, p := range []Params{first("Mouse"), first("mouse "), {Query: "mouse", Page: 2}, {Query: "mouse", Page: LastPage}, {Query: "mouse", Page: 1, Cursor: CursorStart}, first("")} {
		s.Note(p)
	}
	cancel()
	if err := <-ended; err != nil || len(b.saved) != 1 || b.saved["mouse"] != 2 || b.days[0] != SampleDays {
		t.Errorf("%v %v %v", err, b.saved, b.days)
	}
}

func TestASampleIsBoundedAndNeverFails(t *testing.T) {
	t.Parallel()
	b := newBook()
	b.fails = errors.New("away")
	s := NewSample(b, slog.New(slog.DiscardHandler), true)
	s.every = time.Millisecond
	for n := range 3 * sampleHeld {
		s.Note(first(fmt.Sprint("query ", n)))
	}
	s.Note(first("query 1"))
	if len(s.counts) != sampleHeld || s.counts["query 1"] != 2 {
		t.Errorf("%d are held, %d of one", len(s.counts), s.counts["query 1"])
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-b.calls
	<-b.calls
	cancel()
	if err := <-ended; err != nil || len(s.counts) != 0 {
		t.Errorf("%v, %d", err, len(s.counts))
	}
}

func TestASampleThatIsOffForgets(t *testing.T) {
	t.Parallel()
	b := newBook()
	s := NewSample(b, slog.New(slog.DiscardHandler), false)
	s.Note(first("mouse"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-b.calls
	cancel()
	if err := <-ended; err != nil || len(b.saved) != 0 || b.days[0] != 0 {
		t.Errorf("%v %v %v", err, b.saved, b.days)
	}
}
