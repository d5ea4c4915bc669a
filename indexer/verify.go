package indexer

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

const (
	// mostSuspects is how many documents that seem to differ are held before they
	// are settled.
	mostSuspects = 100_000
	// summedAtOnce is how many ranges of products are asked of the index at once.
	summedAtOnce = 16
	// readers is how many ranges are compared at once.
	readers = 3
)

// Verifier compares an index with the database, both parts of it, and has the
// running Indexer mend what is wrong. It may run in any process.
type Verifier struct {
	source   Source
	log      Log
	slot     Slot
	versions Versions
	reader   Reader
	writer   Writer
	size     int
	// readers is how many ranges are compared at once.
	readers int
	pace    pace
	// end is a position that the log is known to have reached.
	end atomic.Int64
}

// NewVerifier takes the same options as an Indexer.
func NewVerifier(o Options) *Verifier {
	o = o.withDefaults()
	return &Verifier{source: o.Source, log: o.Log, slot: o.Slot, versions: o.Versions, reader: o.Reader, writer: o.Writer, size: o.BulkSize, readers: readers}
}

// Progress is told how many products are compared, of how many.
type Progress func(done, total int64)

// Quick compares the live index by sums of the hashes that its documents hold,
// and reads only what is in a range whose sums differ. A document whose fields
// were changed and whose hash was not looks right to it. NotFound: there is no
// live index.
func (v *Verifier) Quick(ctx context.Context, progress Progress) (Report, error) {
	index, err := v.live(ctx)
	if err != nil {
		return Report{}, err
	}
	return v.verify(ctx, index.Name, v.quick(), progress)
}

// Live compares every field of every document of the live index. NotFound:
// there is none.
func (v *Verifier) Live(ctx context.Context, progress Progress) (Report, error) {
	index, err := v.live(ctx)
	if err != nil {
		return Report{}, err
	}
	return v.Index(ctx, index.Name, progress)
}

// Index compares every field of every document of one index.
func (v *Verifier) Index(ctx context.Context, index string, progress Progress) (Report, error) {
	return v.verify(ctx, index, v.full(v.size), progress)
}

func (v *Verifier) live(ctx context.Context) (search.IndexVersion, error) {
	versions, err := v.versions.Indices(ctx)
	if err != nil {
		return search.IndexVersion{}, err
	}
	for _, version := range versions {
		if version.Live {
			return version, nil
		}
	}
	return search.IndexVersion{}, fault.New(fault.NotFound, "there is no live index: start 'aforro indexer', which builds it")
}

// piece is consecutive products, as one side of a comparison.
type piece struct {
	span     search.Span
	products int64
	sum      search.ProductSum
	docs     []search.Document
}

// method is how pieces are read from the database and compared with an index.
type method struct {
	name string
	// cut reads the piece after an id; its span ends with the last product.
	cut func(ctx context.Context, after int64) (piece, error)
	// limit is how many products a piece has, unless it is the last one.
	limit int64
	// together is how many pieces are compared at once.
	together int
	compare  func(ctx context.Context, index string, pieces []piece, found *findings) error
}

// verify compares piece by piece while the next ones are read.
func (v *Verifier) verify(ctx context.Context, index string, how method, progress Progress) (Report, error) {
	total, err := v.source.CountActive(ctx)
	if err != nil {
		return Report{}, err
	}
	if err := v.reader.Refresh(ctx, index); err != nil {
		return Report{}, err
	}
	found := &findings{v: v, report: Report{Index: index, Method: how.name}}
	work := make(chan []piece, 1)
	g, within := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(work)
		return how.read(within, work, v.pace)
	})
	for range v.readers {
		g.Go(func() error {
			for pieces := range work {
				if err := how.compare(within, index, pieces, found); err != nil {
					return err
				}
				found.compared(pieces, total, progress)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return found.report, err
	}
	if err := v.unlisted(ctx, index, found); err != nil {
		return found.report, err
	}
	return found.report, found.settle(ctx)
}

// next cuts the piece after an id. Where there are no more products it is open
// above.
func (how method) next(ctx context.Context, after int64) (piece, error) {
	p, err := how.cut(ctx, after)
	p.span.After = after
	if p.products < how.limit {
		p.span.UpTo = search.Everywhere.UpTo
	}
	return p, err
}

// last: nothing lies behind it.
func (p piece) last() bool { return p.span.UpTo == search.Everywhere.UpTo }

// read cuts all there is into pieces. The first one is open below and the last
// one above, so that every stored document lies in one of them.
func (how method) read(ctx context.Context, work chan<- []piece, pace pace) error {
	var group []piece
	for after, more := search.Everywhere.After, true; more; {
		if err := pace.await(ctx, patience); err != nil {
			return err
		}
		p, err := how.next(ctx, after)
		if err != nil {
			return err
		}
		after, more = p.span.UpTo, !p.last()
		if group = append(group, p); more && len(group) < how.together {
			continue
		}
		select {
		case work <- group:
			group = nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// unlisted finds the documents that lie in no range of ids: they have no id.
func (v *Verifier) unlisted(ctx context.Context, index string, found *findings) error {
	for _, part := range search.Parts {
		list, err := v.reader.Unlisted(ctx, index, part, mostRead)
		if err != nil {
			return err
		}
		if err := found.add(ctx, part, nil, found.outOfPlace(part, list)); err != nil {
			return err
		}
	}
	return nil
}
