package indexer

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

// mostListed bounds how many ids of a kind a Report names.
const mostListed = 100

// Report is what a comparison of an index with the database found.
type Report struct {
	Index    string
	Compared int64
	// Missing: products without a document. Extra: documents without a product.
	// Different: documents that are not what the product's row makes of it.
	Missing, Extra, Different Finding
}

// Finding counts products and names the first of them.
type Finding struct {
	Count int64
	IDs   []int64
}

func (f *Finding) add(id int64) {
	f.Count++
	if len(f.IDs) < mostListed {
		f.IDs = append(f.IDs, id)
	}
}

// Differences counts the products whose document is not right.
func (r Report) Differences() int64 { return r.Missing.Count + r.Extra.Count + r.Different.Count }

// Verifier compares documents with the database: whole documents of both parts,
// field by field, both sides walked by id.
type Verifier struct {
	source   Source
	log      Log
	slot     Slot
	versions Versions
	reader   Reader
	size     int
}

// NewVerifier takes the same options as an Indexer.
func NewVerifier(o Options) *Verifier {
	o = o.withDefaults()
	return &Verifier{source: o.Source, log: o.Log, slot: o.Slot, versions: o.Versions, reader: o.Reader, size: o.BulkSize}
}

// Live compares the live index. NotFound: there is none.
func (v *Verifier) Live(ctx context.Context, progress func(done, total int64)) (Report, error) {
	versions, err := v.versions.Indices(ctx)
	if err != nil {
		return Report{}, err
	}
	for _, version := range versions {
		if version.Live && version.Whole {
			return v.Index(ctx, version.Name, progress)
		}
	}
	return Report{}, fault.New(fault.NotFound, "there is no live index: start 'aforro indexer', which builds it")
}

// Index compares one index. A difference may only be a change on its way: what
// seems to differ is looked at again once the stream has passed the present
// position, several times if it keeps changing.
func (v *Verifier) Index(ctx context.Context, index string, progress func(done, total int64)) (Report, error) {
	report := Report{Index: index}
	total, err := v.source.CountActive(ctx)
	if err != nil {
		return report, err
	}
	if err := v.reader.Refresh(ctx, index); err != nil {
		return report, err
	}
	var suspects []int64
	for i, part := range search.Parts {
		wrong, err := v.walk(ctx, index, part, func(n int) {
			if i == 0 {
				report.Compared += int64(n)
				progress(min(report.Compared, total), total)
			}
		})
		if err != nil {
			return report, err
		}
		suspects = append(suspects, wrong...)
	}
	return report, v.settle(ctx, index, distinct(suspects), &report)
}

// distinct puts ids in order, each once.
func distinct(ids []int64) []int64 {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// walk returns the ids that seem to differ in one part. Both sides are read in
// ranges of ids with the same bounds.
func (v *Verifier) walk(ctx context.Context, index string, part search.Part, compared func(n int)) ([]int64, error) {
	var suspects []int64
	for after, more := int64(0), true; more; {
		p, err := v.source.ProjectAfter(ctx, after, v.size)
		if err != nil {
			return nil, err
		}
		stored, err := v.reader.Scan(ctx, index, part, after, v.size)
		if err != nil {
			return nil, err
		}
		docs, upTo := p.Documents, int64(0)
		docs, stored, upTo, more = sameRange(docs, stored, v.size)
		wrong, err := v.compare(docs, stored, part)
		if err != nil {
			return nil, err
		}
		suspects = append(suspects, wrong...)
		compared(len(docs))
		after = upTo
	}
	return suspects, nil
}

// sameRange cuts both sides to the ids that both have read up to. A side that
// gave less than it was asked for has been read to its end.
func sameRange(docs []search.Document, stored []search.StoredDocument, size int) ([]search.Document, []search.StoredDocument, int64, bool) {
	const end = int64(1<<63 - 1)
	upTo := end
	if len(docs) == size {
		upTo = docs[size-1].ID
	}
	if len(stored) == size {
		upTo = min(upTo, stored[size-1].ID)
	}
	docs = docs[:countUpTo(docs, upTo, func(d search.Document) int64 { return d.ID })]
	stored = stored[:countUpTo(stored, upTo, func(d search.StoredDocument) int64 { return d.ID })]
	return docs, stored, upTo, upTo != end
}

func countUpTo[T any](list []T, upTo int64, id func(T) int64) int {
	n := slices.IndexFunc(list, func(t T) bool { return id(t) > upTo })
	if n < 0 {
		return len(list)
	}
	return n
}

// compare merges two lists in the order of their ids.
func (v *Verifier) compare(docs []search.Document, stored []search.StoredDocument, part search.Part) ([]int64, error) {
	var wrong []int64
	for len(docs) > 0 || len(stored) > 0 {
		switch {
		case len(stored) == 0 || (len(docs) > 0 && docs[0].ID < stored[0].ID):
			wrong, docs = append(wrong, docs[0].ID), docs[1:]
		case len(docs) == 0 || stored[0].ID < docs[0].ID:
			wrong, stored = append(wrong, stored[0].ID), stored[1:]
		default:
			same, err := v.same(&docs[0], stored[0].Source, part)
			if err != nil {
				return nil, err
			}
			if !same {
				wrong = append(wrong, docs[0].ID)
			}
			docs, stored = docs[1:], stored[1:]
		}
	}
	return wrong, nil
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
	return err == nil && bytes.Equal(a, b), err
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
