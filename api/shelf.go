package api

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/search"
)

// aside is about what an entry of the shelf takes beside its bytes.
const aside = 512

// shelf is the cache's level in this process: the first that is asked, bounded
// in bytes. A nil shelf keeps nothing.
type shelf struct {
	pages *otter.Cache[string, *kept]
	// forms are whole answers, by what was sent to get them.
	forms *otter.Cache[string, *form]
}

// kept is a page and when it was made.
type kept struct {
	packedPage
	made time.Time
	// spread: other processes have it too.
	spread atomic.Bool
}

// age is how old the oldest of what is on the page may be.
func (k *kept) age() time.Duration { return max(0, time.Since(k.made)) + k.Took }

// form is the answer to requests that were sent in just the same words: it needs
// neither reading of parameters nor writing of links.
type form struct {
	answer readyMade
	page   *kept
	want   wanted
	// store is 0, or one that must still exist; search is what to tell the sample of.
	store  int64
	search *search.Params
}

// newShelf makes a shelf of so many bytes; none for 0.
func newShelf(bytes int64, r prometheus.Registerer) (*shelf, error) {
	if bytes <= 0 {
		return nil, nil
	}
	half := uint64(bytes) / 2
	pages, err := otter.New(&otter.Options[string, *kept]{MaximumWeight: half, Weigher: func(key string, k *kept) uint32 {
		return uint32(aside + len(key) + len(k.Results) + len(k.Facets) + 8*len(k.IDs))
	}})
	if err != nil {
		return nil, fmt.Errorf("make the shelf of pages: %w", err)
	}
	forms, err := otter.New(&otter.Options[string, *form]{MaximumWeight: half, Weigher: func(key string, f *form) uint32 {
		// The page lives for as long as the form, also when it has left its own shelf.
		return uint32(aside + len(key) + len(f.answer.Body) + len(f.page.Results) + len(f.page.Facets))
	}})
	if err != nil {
		return nil, fmt.Errorf("make the shelf of answers: %w", err)
	}
	s := &shelf{pages: pages, forms: forms}
	used := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "aforro_cache_process_bytes", Help: "What this process keeps of cached answers."},
		func() float64 { return float64(s.bytes()) })
	if err := r.Register(used); err != nil {
		return nil, fmt.Errorf("register the metric of the shelf: %w", err)
	}
	return s, nil
}

// bytes is how much is kept.
func (s *shelf) bytes() uint64 { return s.pages.WeightedSize() + s.forms.WeightedSize() }

func (s *shelf) page(key string) *kept {
	if s == nil {
		return nil
	}
	k, _ := s.pages.GetIfPresent(key)
	return k
}

func (s *shelf) put(key string, k *kept) {
	if s != nil {
		s.pages.Set(key, k)
	}
}

// longestForm bounds what is remembered by the words of a request, in bytes.
const longestForm = 2 << 10

// remember keeps a whole answer that was made of a page on the shelf.
func (s *shelf) remember(sent string, f *form) {
	if s != nil && len(sent) <= longestForm && s.page(f.want.key) == f.page {
		s.forms.Set(sent, f)
	}
}

// recall gives the answer to what was sent, if the page that it was made of is
// still the one on the shelf.
func (s *shelf) recall(sent string) *form {
	f, ok := s.forms.GetIfPresent(sent)
	if !ok || s.page(f.want.key) != f.page {
		return nil
	}
	return f
}
