package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Bounds of one chunk: the rows that land in one transaction. It is small, so
// that no transaction stays open for long: a replication slot that is being
// made waits for every one.
const (
	ChunkRows  = 5000
	ChunkBytes = 8 << 20
)

// readerRest is how long a run that failed waits for its reader.
const readerRest = time.Second

// Outcome is what became of one chunk.
type Outcome struct {
	// New, Changed and Same count rows that landed; Same ones were not written.
	New, Changed, Same int64
	// Replaced counts rows that a later row of the same chunk made void.
	Replaced int64
	// Refused lists rows that the sink could not take.
	Refused []Refusal
}

// ProductSink takes chunks of products.
type ProductSink interface {
	// WriteProducts lands rows, or none of them when it fails. Rows without an id
	// may be held back until FinishProducts.
	WriteProducts(ctx context.Context, rows []ProductRow) (Outcome, error)
	// FinishProducts lands a part of what was held back; it is called until it
	// reports that nothing is left.
	FinishProducts(ctx context.Context) (o Outcome, more bool, err error)
}

// ProductStore lends a sink for the time of one import.
type ProductStore interface {
	ImportProducts(ctx context.Context, feed func(ProductSink) error) error
}

// StockSink takes chunks of stock.
type StockSink interface {
	// WriteStock lands rows, or none of them when it fails.
	WriteStock(ctx context.Context, rows []StockRow) (Outcome, error)
}

// StockOptions say how stock lands.
type StockOptions struct {
	// Reason and Reference go into the ledger with each change.
	Reason, Reference string
	// KeepExisting leaves lines that exist as they are: only new ones land.
	KeepExisting bool
}

// StockStore lends a sink for the time of one import.
type StockStore interface {
	ImportStock(ctx context.Context, o StockOptions, feed func(StockSink) error) error
}

// Summary is what became of a file: the counts add up to its rows.
type Summary struct {
	New, Changed, Same, Replaced, Refused int64
}

func (s *Summary) add(o Outcome) {
	s.New += o.New
	s.Changed += o.Changed
	s.Same += o.Same
	s.Replaced += o.Replaced
	s.Refused += int64(len(o.Refused))
}

// String gives the counts in one line.
func (s Summary) String() string {
	text := fmt.Sprintf("%d new, %d changed, %d same, %d refused", s.New, s.Changed, s.Same, s.Refused)
	if s.Replaced > 0 {
		text += fmt.Sprintf(", %d replaced by a later row", s.Replaced)
	}
	return text
}

// Products imports NDJSON from src. The summary holds what landed, also when
// the error is not nil: of a broken file, all that came before the break.
func Products(ctx context.Context, src *Source, into ProductStore, report *Report) (Summary, error) {
	return ProductRows(ctx, NewProductReader(src).Next, into, report)
}

// ProductRows imports products from next, which ends with io.EOF.
func ProductRows(ctx context.Context, next func() (ProductRow, *Refusal, error), into ProductStore, report *Report) (Summary, error) {
	var sum Summary
	err := into.ImportProducts(ctx, func(sink ProductSink) error {
		readErr, err := run(ctx, next, ProductRow.size, sink.WriteProducts, &sum, report)
		for more := err == nil; more && err == nil; {
			var o Outcome
			if o, more, err = sink.FinishProducts(ctx); err == nil {
				sum.add(o)
				err = report.Add(o.Refused...)
			}
		}
		return errors.Join(readErr, err)
	})
	return sum, err
}

// Stock imports CSV from src; the summary as with Products.
func Stock(ctx context.Context, src *Source, into StockStore, o StockOptions, report *Report) (Summary, error) {
	reader, err := NewStockReader(src)
	if err != nil {
		return Summary{}, err
	}
	return StockRows(ctx, reader.Next, into, o, report)
}

// StockRows imports stock from next, which ends with io.EOF.
func StockRows(ctx context.Context, next func() (StockRow, *Refusal, error), into StockStore, o StockOptions, report *Report) (Summary, error) {
	var sum Summary
	err := into.ImportStock(ctx, o, func(sink StockSink) error {
		readErr, err := run(ctx, next, StockRow.size, sink.WriteStock, &sum, report)
		return errors.Join(readErr, err)
	})
	return sum, err
}

// chunk is what was read for one transaction; err is why reading ended.
type chunk[T any] struct {
	rows    []T
	refused []Refusal
	err     error
}

// run reads chunks while the one before is written. readErr is why the file
// ended early, err why the run did.
func run[T any](ctx context.Context, next func() (T, *Refusal, error), size func(T) int,
	write func(context.Context, []T) (Outcome, error), sum *Summary, report *Report) (readErr, err error) {
	ctx, cancel := context.WithCancel(ctx)
	chunks := make(chan chunk[T])
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(chunks)
		read(ctx, next, size, chunks)
	}()
	defer func() { cancel(); await(ended) }()
	for c := range chunks {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := land(ctx, c, write, sum, report); err != nil {
			return nil, err
		}
		if c.err != nil && !errors.Is(c.err, io.EOF) {
			readErr = c.err
		}
	}
	return readErr, ctx.Err()
}

// await lets the reader come to rest, so that nobody reads a file that its owner
// closes. One that is blocked on standard input is left behind.
func await(ended <-chan struct{}) {
	select {
	case <-ended:
	case <-time.After(readerRest):
	}
}

func land[T any](ctx context.Context, c chunk[T], write func(context.Context, []T) (Outcome, error), sum *Summary, report *Report) error {
	sum.Refused += int64(len(c.refused))
	if err := report.Add(c.refused...); err != nil || len(c.rows) == 0 {
		return err
	}
	o, err := write(ctx, c.rows)
	if err != nil {
		return err
	}
	sum.add(o)
	return report.Add(o.Refused...)
}

func read[T any](ctx context.Context, next func() (T, *Refusal, error), size func(T) int, out chan<- chunk[T]) {
	for {
		c := readChunk(next, size)
		select {
		case out <- c:
		case <-ctx.Done():
			return
		}
		if c.err != nil {
			return
		}
	}
}

func readChunk[T any](next func() (T, *Refusal, error), size func(T) int) (c chunk[T]) {
	for bytes := 0; len(c.rows)+len(c.refused) < ChunkRows && bytes < ChunkBytes; {
		row, refused, err := next()
		switch {
		case err != nil:
			c.err = err
			return c
		case refused != nil:
			c.refused = append(c.refused, *refused)
			bytes += len(refused.Row)
		default:
			c.rows = append(c.rows, row)
			bytes += size(row)
		}
	}
	return c
}
