package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"aforro/cmd/internal/trial"
	"aforro/pkg/lifecycle"
)

// healPatience bounds how long anything may take to heal.
const healPatience = 3 * time.Minute

// verifyPause is between two verifications.
const verifyPause = 300 * time.Millisecond

// healing is how one fault healed.
type healing struct {
	fault fault
	// searchable is how long a change made after the fault took until a search
	// found it, whole until a verification that began after the fault found no
	// difference, itself included.
	searchable, whole time.Duration
	// found is what was off when patience ended.
	found string
}

func (h healing) String() string {
	if h.found != "" {
		return "NOT HEALED after " + healPatience.String() + ": " + h.found
	}
	return fmt.Sprintf("healed: searchable after %.1f s, verified after %.1f s", h.searchable.Seconds(), h.whole.Seconds())
}

// heal watches a fault heal by itself, while others write.
func (g *ground) heal(ctx context.Context, f fault) (healing, error) {
	h := healing{fault: f}
	begun := time.Now()
	took, err := g.mark(ctx, healPatience)
	if err != nil {
		return h, err
	}
	if h.searchable = took; took < 0 {
		h.found = "a change made after it is not searchable"
		return h, nil
	}
	found := "no verification came to its end"
	clean := trial.Until(ctx, healPatience-time.Since(begun), verifyPause, func(ctx context.Context) bool {
		out, err := g.Aforro(ctx, verify...)
		if err != nil && ctx.Err() == nil {
			found = strings.TrimSpace(out) + " " + err.Error()
		}
		return err == nil
	})
	h.whole = time.Since(begun)
	if !clean {
		h.found = found
	}
	return h, ctx.Err()
}

// verify compares every field of every document.
var verify = []string{"verify", "--full"}

// mark commits a change and says how long it took until a search found it; less
// than nothing when that took too long.
func (g *ground) mark(ctx context.Context, most time.Duration) (time.Duration, error) {
	g.marks++
	gtin := fmt.Sprintf("mark-%d", g.marks)
	if err := g.put(ctx, markedProduct, gtin, "'Marked'"); err != nil {
		return 0, err
	}
	begun := time.Now()
	for !g.searchable(ctx, gtin) {
		if time.Since(begun) > most {
			return -1, nil
		}
		if err := lifecycle.Sleep(ctx, 50*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}
