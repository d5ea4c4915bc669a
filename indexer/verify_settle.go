package indexer

import (
	"context"
	"maps"
	"slices"
	"sync"

	"aforro/pkg/search"
)

// settleRounds is how often a suspect that was written anew since the last look
// is looked at again.
const settleRounds = 5

// findings gathers what seems to differ and settles it: a difference may only be
// a change on its way. It is used by several goroutines.
type findings struct {
	v *Verifier

	mu       sync.Mutex
	report   Report
	suspects map[search.Part]map[int64]struct{}
	held     int
}

// add takes what a comparison found in a part.
func (f *findings) add(ctx context.Context, part search.Part, suspects []int64, strays []Difference) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range strays {
		if d.Kind == Stray {
			f.report.add(d)
			continue
		}
		suspects = append(suspects, d.ID)
	}
	if f.suspects == nil {
		f.suspects = map[search.Part]map[int64]struct{}{}
	}
	if f.suspects[part] == nil {
		f.suspects[part] = map[int64]struct{}{}
	}
	for _, id := range suspects {
		f.suspects[part][id] = struct{}{}
	}
	if f.held += len(suspects); f.held < mostSuspects {
		return nil
	}
	return f.settleHeld(ctx)
}

// outOfPlace are the documents whose name is not the id they claim: those that
// bear another product's id are suspects, the others strays.
func (f *findings) outOfPlace(part search.Part, stored []search.StoredDocument) []Difference {
	var list []Difference
	for _, s := range stored {
		if s.Name == "" {
			continue
		}
		d := Difference{Kind: Stray, Part: part, Name: s.Name}
		if id, ok := product(s.Name); ok {
			d = Difference{Kind: Extra, Part: part, ID: id}
		}
		list = append(list, d)
	}
	return list
}

func (f *findings) compared(pieces []piece, total int64, progress Progress) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range pieces {
		f.report.Compared += p.products
	}
	progress(min(f.report.Compared, total), total)
}

// settle judges what is left and puts the report in order.
func (f *findings) settle(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.settleHeld(ctx)
	f.report.sort()
	return err
}

func (f *findings) settleHeld(ctx context.Context) error {
	for _, part := range search.Parts {
		ids := slices.Sorted(maps.Keys(f.suspects[part]))
		if err := f.v.settle(ctx, part, ids, &f.report); err != nil {
			return err
		}
	}
	f.suspects, f.held = nil, 0
	return nil
}

// sight is what one look saw of a wrong document. Two equal ones with the stream
// between them prove it wrong: what the first look saw in the database had been
// committed, the stream has passed it since, and nobody has written the document.
type sight struct {
	kind Kind
	// version is the document's.
	version search.Version
	// stamp is of the product's row, where there is no document: one that comes
	// and goes all the time looks missing at any two moments.
	stamp int64
}

// settle looks at the suspects, and again each time the stream has passed the
// present position, until each was seen right, or wrong twice.
func (v *Verifier) settle(ctx context.Context, part search.Part, ids []int64, report *Report) error {
	before, err := v.look(ctx, report.Index, part, ids)
	if err != nil {
		return err
	}
	for round := 0; round < settleRounds && len(before) > 0; round++ {
		at, err := v.log.AskFor(ctx, nil)
		if err != nil {
			return err
		}
		if err := awaitConfirmed(ctx, v.slot, at); err != nil {
			return err
		}
		now, err := v.look(ctx, report.Index, part, slices.Sorted(maps.Keys(before)))
		if err != nil {
			return err
		}
		for id, s := range now {
			if s == before[id] {
				report.add(Difference{Kind: s.kind, Part: part, ID: id})
				delete(now, id)
			}
		}
		before = now
	}
	report.Changing += int64(len(before))
	return nil
}

// look compares some documents as they are now and gives those that are wrong.
// The index is read before the database: what is then not in the document, and
// is no fault, is a change that will write it anew.
func (v *Verifier) look(ctx context.Context, index string, part search.Part, ids []int64) (map[int64]sight, error) {
	wrong := map[int64]sight{}
	for chunk := range slices.Chunk(ids, v.size) {
		if err := v.lookAt(ctx, index, part, chunk, wrong); err != nil {
			return nil, err
		}
	}
	return wrong, nil
}

func (v *Verifier) lookAt(ctx context.Context, index string, part search.Part, ids []int64, wrong map[int64]sight) error {
	list, err := v.reader.Get(ctx, index, part, ids)
	if err != nil {
		return err
	}
	docs, err := v.source.Project(ctx, ids)
	if err != nil {
		return err
	}
	stored := map[int64]search.StoredDocument{}
	for _, s := range list {
		stored[s.ID] = s
		wrong[s.ID] = sight{kind: Extra, version: s.Version}
	}
	var missing []int64
	for i := range docs {
		s, ok := stored[docs[i].ID]
		if !ok {
			missing = append(missing, docs[i].ID)
			continue
		}
		same, err := v.same(&docs[i], s.Source, part)
		if err != nil {
			return err
		}
		beyond, err := v.beyond(ctx, s.Version)
		if err != nil {
			return err
		}
		delete(wrong, s.ID)
		if !same || beyond {
			wrong[s.ID] = sight{kind: Different, version: s.Version}
		}
	}
	return v.absent(ctx, missing, wrong)
}

// absent notes the products without a document that are still there.
func (v *Verifier) absent(ctx context.Context, ids []int64, wrong map[int64]sight) error {
	if len(ids) == 0 {
		return nil
	}
	stamps, err := v.source.Stamps(ctx, ids)
	for id, stamp := range stamps {
		wrong[id] = sight{kind: Missing, stamp: stamp}
	}
	return err
}
