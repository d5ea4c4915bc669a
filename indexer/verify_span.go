package indexer

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"aforro/pkg/search"
)

// full compares whole documents, field by field.
func (v *Verifier) full(limit int) method {
	return method{
		name: "full", limit: int64(limit), together: 1,
		cut: func(ctx context.Context, after int64) (piece, error) {
			p, err := v.source.ProjectAfter(ctx, after, limit)
			if err != nil || len(p.Documents) == 0 {
				return piece{}, err
			}
			last := p.Documents[len(p.Documents)-1].ID
			return piece{span: search.Span{UpTo: last}, products: int64(len(p.Documents)), docs: p.Documents}, nil
		},
		compare: func(ctx context.Context, index string, pieces []piece, found *findings) error {
			for _, part := range search.Parts {
				for _, p := range pieces {
					if err := v.compareDocuments(ctx, index, part, p, found); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

func (v *Verifier) compareDocuments(ctx context.Context, index string, part search.Part, p piece, found *findings) error {
	c := comparison[search.Document]{
		id:   func(d *search.Document) int64 { return d.ID },
		same: func(d *search.Document, s *search.StoredDocument) (bool, error) { return v.same(d, s.Source, part) },
		scan: func(span search.Span, limit int) ([]search.StoredDocument, error) {
			return v.reader.ScanSpan(ctx, index, part, span, limit)
		},
	}
	return c.run(ctx, v, part, p.span, p.docs, found)
}

// comparison is of one range of ids: what is wanted with what is stored.
type comparison[T any] struct {
	id   func(*T) int64
	same func(*T, *search.StoredDocument) (bool, error)
	scan func(span search.Span, limit int) ([]search.StoredDocument, error)
}

// run compares the range in pages of what is stored, which may be any number.
func (c comparison[T]) run(ctx context.Context, v *Verifier, part search.Part, span search.Span, want []T, found *findings) error {
	// One more than is wanted: a range without extras is read at once.
	limit := min(max(len(want)+1, v.size), mostRead)
	for rest, more := span, true; more; {
		stored, err := c.scan(rest, limit)
		if err != nil {
			return err
		}
		upTo := span.UpTo
		if more = len(stored) == limit; more {
			stored, upTo = wholeIDs(stored)
		}
		n, _ := slices.BinarySearchFunc(want, upTo, func(t T, id int64) int {
			if c.id(&t) <= id {
				return -1
			}
			return 1
		})
		suspects, err := c.merge(ctx, v, want[:n], inPlace(stored))
		if err != nil {
			return err
		}
		if err := found.add(ctx, part, suspects, found.outOfPlace(part, stored)); err != nil {
			return err
		}
		want, rest.After = want[n:], upTo
	}
	return nil
}

// wholeIDs leaves out the last id of a page, of which there may be more: several
// documents can say that they are the same product.
func wholeIDs(stored []search.StoredDocument) ([]search.StoredDocument, int64) {
	last := stored[len(stored)-1].ID
	n := slices.IndexFunc(stored, func(s search.StoredDocument) bool { return s.ID == last })
	if n == 0 {
		return stored, last
	}
	return stored[:n], last - 1
}

// inPlace are the documents whose name is their product's id.
func inPlace(stored []search.StoredDocument) []search.StoredDocument {
	return slices.DeleteFunc(slices.Clone(stored), func(s search.StoredDocument) bool { return s.Name != "" })
}

// product is the id that a document's name stands for; false when no product
// can have it.
func product(name string) (int64, bool) {
	id, err := strconv.ParseInt(name, 10, 64)
	return id, err == nil && strconv.FormatInt(id, 10) == name
}

// merge walks both lists in the order of their ids and returns those that are on
// one side only, unlike, or from the future.
func (c comparison[T]) merge(ctx context.Context, v *Verifier, want []T, stored []search.StoredDocument) ([]int64, error) {
	var wrong []int64
	for len(want) > 0 || len(stored) > 0 {
		switch {
		case len(stored) == 0 || (len(want) > 0 && c.id(&want[0]) < stored[0].ID):
			wrong, want = append(wrong, c.id(&want[0])), want[1:]
		case len(want) == 0 || stored[0].ID < c.id(&want[0]):
			wrong, stored = append(wrong, stored[0].ID), stored[1:]
		default:
			same, err := c.same(&want[0], &stored[0])
			if err != nil {
				return nil, err
			}
			beyond, err := v.beyond(ctx, stored[0].Version)
			if err != nil {
				return nil, err
			}
			if !same || beyond {
				wrong = append(wrong, stored[0].ID)
			}
			want, stored = want[1:], stored[1:]
		}
	}
	return wrong, nil
}

// beyond reports whether a version lies beyond the end of the log: another
// database made it.
func (v *Verifier) beyond(ctx context.Context, version search.Version) (bool, error) {
	if int64(version) <= v.end.Load() {
		return false, nil
	}
	now, err := v.log.Position(ctx)
	if err != nil {
		return false, err
	}
	v.end.Store(int64(now))
	return version > now, nil
}

// same compares every field of what would be written with what is stored.
func (v *Verifier) same(doc *search.Document, source []byte, part search.Part) (bool, error) {
	want, err := v.reader.Render(doc, part)
	if err != nil {
		return false, err
	}
	if bytes.Equal(want, source) {
		return true, nil
	}
	a, err := canonical(want)
	if err != nil {
		return false, err
	}
	b, err := canonical(source)
	return err == nil && bytes.Equal(a, b), nil
}

// canonical is JSON with its keys in order, numbers as they are written.
func canonical(source []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(source))
	dec.UseNumber()
	var any any
	if err := dec.Decode(&any); err != nil {
		return nil, err
	}
	return json.Marshal(any)
}
