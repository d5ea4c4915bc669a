package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"aforro/pkg/catalog"
	"aforro/pkg/importer"
	"aforro/pkg/inventory"
)

// loadName marks the demo among the loads of a database.
const loadName = "demo"

// Database is what a demo is loaded into.
type Database interface {
	importer.ProductStore
	importer.StockStore
	AddStores(ctx context.Context, stores []catalog.Store) (added int64, err error)
	BeginLoad(ctx context.Context, name string) (importer.LoadState, error)
	FinishLoad(ctx context.Context, name string) error
}

// Progress is told how far a step is: bytes of the catalogue as it is stored.
type Progress func(step string, done, total int64)

// The steps that Progress names.
const (
	StepProducts = "products"
	StepStock    = "stock"
)

// Result says what Load did.
type Result struct {
	// State is how the load stood before: only LoadOpen loads anything.
	State           importer.LoadState
	Products, Stock importer.Summary
}

// Load fills an empty database with the demo: stores, products, stock. One that
// was cut off is completed, without touching stock lines that exist; one that
// was completed is never loaded again, so what was sold since stays sold; a
// catalogue of somebody's own is left alone.
func Load(ctx context.Context, db Database, progress Progress) (Result, error) {
	state, err := db.BeginLoad(ctx, loadName)
	r := Result{State: state}
	if err != nil || state != importer.LoadOpen {
		return r, err
	}
	if _, err := db.AddStores(ctx, Stores()); err != nil {
		return r, err
	}
	if r.Products, err = loadProducts(ctx, db, progress); err != nil {
		return r, err
	}
	if r.Stock, err = loadStock(ctx, db, progress); err != nil {
		return r, err
	}
	if refused := r.Products.Refused + r.Stock.Refused; refused > 0 {
		return r, fmt.Errorf("load the demo: %d of its rows were refused", refused)
	}
	return r, db.FinishLoad(ctx, loadName)
}

func loadProducts(ctx context.Context, db Database, progress Progress) (sum importer.Summary, err error) {
	err = withProducts(StepProducts, progress, func(src *importer.Source, report *importer.Report) (err error) {
		sum, err = importer.Products(ctx, src, db, report)
		return err
	})
	return sum, err
}

func loadStock(ctx context.Context, db Database, progress Progress) (sum importer.Summary, err error) {
	options := importer.StockOptions{Reason: inventory.ReasonSeed, Reference: loadName, KeepExisting: true}
	err = withProducts(StepStock, progress, func(src *importer.Source, report *importer.Report) (err error) {
		lines := &stockLines{products: importer.NewProductReader(src)}
		sum, err = importer.StockRows(ctx, lines.next, db, options, report)
		return err
	})
	return sum, err
}

// withProducts opens the catalogue for one step.
func withProducts(step string, progress Progress, fn func(*importer.Source, *importer.Report) error) (err error) {
	read := func(done, total int64) {
		if progress != nil {
			progress(step, done, total)
		}
	}
	src, err := importer.NewSource("demo catalogue", bytes.NewReader(Products), int64(len(Products)), read)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	report, err := importer.NewReport("")
	if err != nil {
		return err
	}
	return fn(src, report)
}

// stockLines deals out stock product by product.
type stockLines struct {
	products *importer.ProductReader
	waiting  []importer.StockRow
	line     int64
}

func (s *stockLines) next() (importer.StockRow, *importer.Refusal, error) {
	if len(s.waiting) == 0 {
		p, refused, err := s.products.Next()
		if err != nil || refused != nil {
			return importer.StockRow{}, refused, err
		}
		s.waiting = StockOf(p.Product.ID)
	}
	row := s.waiting[0]
	s.waiting = s.waiting[1:]
	s.line++
	row.Line = s.line
	return row, nil, nil
}
