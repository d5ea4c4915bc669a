package indexer

import (
	"context"
	"log/slog"
	"sync"

	"aforro/pkg/search"
)

// mostKnown bounds how many quarantined documents are remembered here. Beyond
// it one that was mended leaves quarantine when another has made room.
const mostKnown = 10_000

// ward keeps what an index refuses in quarantine, and lets go what it took.
type ward struct {
	quarantine Quarantine
	logger     *slog.Logger

	mu    sync.Mutex
	known map[string]map[int64]struct{}
	count int64
}

func newWard(q Quarantine, logger *slog.Logger) *ward {
	return &ward{quarantine: q, logger: logger, known: map[string]map[int64]struct{}{}}
}

// admit returns when the refused documents are in quarantine: only then the
// stream's position may pass them.
func (w *ward) admit(ctx context.Context, index string, refused []search.Refusal) error {
	if len(refused) == 0 {
		return nil
	}
	if err := w.quarantine.PutInQuarantine(ctx, index, refused); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range refused {
		if w.note(index, r.Product) {
			w.logger.Error("the index refuses a document: it is in quarantine", "index", index, "product", r.Product, "reason", r.Reason)
		}
	}
	return nil
}

// note reports whether it was not known.
func (w *ward) note(index string, id int64) bool {
	of := w.known[index]
	if of == nil {
		of = map[int64]struct{}{}
		w.known[index] = of
	}
	if _, ok := of[id]; ok {
		return false
	}
	of[id] = struct{}{}
	w.count++
	return true
}

// release lets go those of the documents that were in quarantine.
func (w *ward) release(ctx context.Context, index string, taken []int64) error {
	mended := w.held(index, taken)
	if len(mended) == 0 {
		return nil
	}
	if err := w.quarantine.ReleaseFromQuarantine(ctx, index, mended); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range mended {
		delete(w.known[index], id)
		w.count--
	}
	w.logger.Info("documents left quarantine", "index", index, "products", mended)
	return nil
}

func (w *ward) held(index string, ids []int64) (held []int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of := w.known[index]
	if len(of) == 0 {
		return nil
	}
	for _, id := range ids {
		if _, ok := of[id]; ok {
			held = append(held, id)
		}
	}
	return held
}

// learn reads what is in quarantine, dropping what belongs to indices that are
// no more, and gives the number.
func (w *ward) learn(ctx context.Context, indices []string) (int64, error) {
	if err := w.quarantine.ForgetQuarantine(ctx, indices); err != nil {
		return 0, err
	}
	list, total, err := w.quarantine.Quarantined(ctx, mostKnown)
	if err != nil {
		return 0, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range list {
		w.note(q.Index, q.Product)
	}
	return total, nil
}
