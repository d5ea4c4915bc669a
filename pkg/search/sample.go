package search

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of the sample of queries.
const (
	// sampleLongest is in characters; what is longer was pasted, not typed.
	sampleLongest = 100
	// sampleHeld bounds the queries between two savings, SampleNewADay those that
	// are new on one day.
	sampleHeld    = 1000
	SampleNewADay = 2000
	// SampleDays is how long a query is kept.
	SampleDays = 30
	// personalDigits in a row make a number that may belong to somebody: a
	// telephone, a card. (A GTIN finds one product, and judges no ranking.)
	personalDigits = 7

	sampleEvery   = 10 * time.Second
	sampleTimeout = 2 * time.Second
)

// QueryCount is a normalised query and how often it was searched for.
type QueryCount struct {
	Query    string
	Searches int64
}

// SampleStore keeps the sample.
type SampleStore interface {
	// SaveSample adds to today's counts, with at most about newADay queries that
	// today has not seen, and forgets all that is days old.
	SaveSample(ctx context.Context, counts []QueryCount, newADay, days int) error
}

// Sample gathers what is searched for: the words, and nothing of who searched.
// It is bounded, never waits for its store, and rather loses something than
// holds up a search.
type Sample struct {
	store SampleStore
	log   *slog.Logger
	// every is how often it is saved; days 0 turns it off.
	every time.Duration
	days  int

	mu     sync.Mutex
	counts map[string]int64
}

// NewSample prepares a sample; one that is off notes nothing and has its store
// forget everything.
func NewSample(store SampleStore, log *slog.Logger, on bool) *Sample {
	s := &Sample{store: store, log: log, every: sampleEvery, counts: map[string]int64{}}
	if on {
		s.days = SampleDays
	}
	return s
}

// Note counts the first page of a search with words.
func (s *Sample) Note(p Params) {
	if s.days == 0 || p.Page != 1 || p.Cursor != "" {
		return
	}
	query, ok := sampled(p.Query)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.counts[query]; known || len(s.counts) < sampleHeld {
		s.counts[query]++
	}
}

// sampled is the query as it is kept: in small letters, with single spaces. It
// reports false for one that is empty or may say something about somebody.
func sampled(query string) (string, bool) {
	if len(query) > sampleLongest*utf8.UTFMax || !utf8.ValidString(query) || strings.Contains(query, "@") {
		return "", false
	}
	text := strings.ToLower(strings.Join(strings.Fields(query), " "))
	n := utf8.RuneCountInString(text)
	return text, n > 0 && n <= sampleLongest && !strings.ContainsFunc(text, unicode.IsControl) && !numbered(text)
}

// numbered reports whether there are many digits in a row, with or without the
// signs by which people group them.
func numbered(text string) bool {
	n := 0
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			if n++; n >= personalDigits {
				return true
			}
		case !strings.ContainsRune(" -./()+", r):
			n = 0
		}
	}
	return false
}

// Run saves the sample now and then until ctx ends, and once more then.
func (s *Sample) Run(ctx context.Context) error {
	failed := false
	for {
		err := s.save(context.WithoutCancel(ctx))
		if err != nil && !failed {
			s.log.Warn("the sample of queries was not saved", "error", err)
		}
		failed = err != nil
		if ctx.Err() != nil {
			return nil
		}
		var again <-chan time.Time
		if s.days > 0 || failed {
			again = time.After(s.every)
		}
		select {
		case <-ctx.Done():
		case <-again:
		}
	}
}

// save hands over what was counted; it is gone when that fails.
func (s *Sample) save(ctx context.Context) error {
	s.mu.Lock()
	counts := s.counts
	s.counts = map[string]int64{}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, sampleTimeout)
	defer cancel()
	list := make([]QueryCount, 0, len(counts))
	for _, query := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, QueryCount{query, counts[query]})
	}
	return s.store.SaveSample(ctx, list, SampleNewADay, s.days)
}
