package seed

import (
	"context"
	"fmt"
	"io"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
	"aforro/pkg/importer"
	"aforro/pkg/inventory"
)

// Database is what a seed is loaded into.
type Database interface {
	importer.ProductStore
	importer.StockStore
	AddStores(ctx context.Context, stores []catalog.Store) (added int64, err error)
	HighestIDs(ctx context.Context) (product, store int64, err error)
	Loads
}

// Loads keeps what was loaded.
type Loads interface {
	BeginLoad(ctx context.Context, name string) (importer.LoadState, error)
	FinishLoad(ctx context.Context, name string) error
}

// Progress is told how many rows of a step are done, of how many.
type Progress func(step string, done, total int64)

// The steps that Progress names.
const (
	StepProducts = "products"
	StepStock    = "stock"
)

// storesAtOnce is how many stores are added by one statement.
const storesAtOnce = 1000

// Load fills the database with the shop of o. Without Append the catalogue must
// be empty, or hold a beginning of the same seed, which is then completed; a
// seed that is complete is left as it is.
func Load(ctx context.Context, db Database, v *Vocabulary, o Options, progress Progress) (products, stock importer.Summary, err error) {
	if err := o.Check(); err != nil {
		return products, stock, err
	}
	l := loader{Options: o, db: db, words: v, progress: progress}
	if o.Append {
		if l.productBase, l.storeBase, err = db.HighestIDs(ctx); err != nil {
			return products, stock, err
		}
		return l.run(ctx)
	}
	switch state, err := db.BeginLoad(ctx, o.name()); {
	case err != nil || state == importer.LoadDone:
		return products, stock, err
	case state == importer.LoadForeign:
		return products, stock, fault.New(fault.Conflict, "the catalogue is not empty: seed an empty database, or add to this one with --append")
	}
	if products, stock, err = l.run(ctx); err != nil {
		return products, stock, err
	}
	return products, stock, db.FinishLoad(ctx, o.name())
}

type loader struct {
	Options
	db                     Database
	words                  *Vocabulary
	progress               Progress
	productBase, storeBase int64
}

func (l *loader) run(ctx context.Context) (products, stock importer.Summary, err error) {
	if err := l.addStores(ctx); err != nil {
		return products, stock, err
	}
	if products, err = l.addProducts(ctx); err != nil {
		return products, stock, err
	}
	stock, err = l.addStock(ctx)
	if refused := products.Refused + stock.Refused; err == nil && refused > 0 {
		err = fmt.Errorf("seed: the database refused %d rows", refused)
	}
	return products, stock, err
}

func (l *loader) addStores(ctx context.Context) error {
	for from := int64(0); from < l.Stores; from += storesAtOnce {
		var stores []catalog.Store
		for i := from; i < min(from+storesAtOnce, l.Stores); i++ {
			stores = append(stores, l.store(l.storeBase, i))
		}
		if _, err := l.db.AddStores(ctx, stores); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) addProducts(ctx context.Context) (sum importer.Summary, err error) {
	report, err := importer.NewReport("")
	if err != nil {
		return sum, err
	}
	tick := l.ticker(StepProducts, l.Products)
	index, active := int64(0), true
	next := func() (importer.ProductRow, *importer.Refusal, error) {
		if index == l.Products {
			return importer.ProductRow{}, nil, io.EOF
		}
		row := importer.ProductRow{Line: index + 1, Product: l.words.product(l.Options, l.productBase, index), Active: &active}
		index++
		tick()
		return row, nil, nil
	}
	return importer.ProductRows(ctx, next, l.db, report)
}

func (l *loader) addStock(ctx context.Context) (sum importer.Summary, err error) {
	report, err := importer.NewReport("")
	if err != nil {
		return sum, err
	}
	s := &stock{Options: l.Options, productBase: l.productBase, storeBase: l.storeBase,
		progress: l.ticker(StepStock, l.Stores*l.PerStore)}
	o := importer.StockOptions{Reason: inventory.ReasonSeed, Reference: "seed", KeepExisting: true}
	return importer.StockRows(ctx, s.next, l.db, o, report)
}

// ticker counts rows and reports every thousandth and the last.
func (l *loader) ticker(step string, total int64) func() {
	done := int64(0)
	return func() {
		if done++; l.progress != nil && (done%1000 == 0 || done == total) {
			l.progress(step, done, total)
		}
	}
}
