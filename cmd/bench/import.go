package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"aforro/demo"
	"aforro/pkg/importer"
	"aforro/pkg/postgres"
)

const importRounds = 3

// benchImport imports the demo catalogue into an empty table with its indexes
// on. The reference is psql's \copy of the same rows, as JSON, into a bare
// table: what PostgreSQL takes when nothing is parsed, checked or indexed.
func benchImport(ctx context.Context, g *ground) error {
	plain := filepath.Join(g.dir, "products.ndjson")
	if err := unpack(demo.Products, plain); err != nil {
		return err
	}
	var r ratios
	for round := range importRounds {
		url, err := g.database(ctx, fmt.Sprintf("import_%d", round))
		if err != nil {
			return err
		}
		ours, rows, err := importRate(ctx, url)
		if err != nil {
			return err
		}
		begun := time.Now()
		// The quote and delimiter are bytes that JSON text does not hold.
		copySQL := "CREATE TABLE raw (row text);\n\\copy raw FROM '" + plain + "' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')\n"
		if _, err := g.psql(ctx, url, copySQL); err != nil {
			return err
		}
		r.add(ours, float64(rows)/time.Since(begun).Seconds())
	}
	bar("import products, rows/s", r.String()+" (\\copy)", ">= 10,000/s", median(r.ours) >= 10_000)
	return nil
}

func importRate(ctx context.Context, url string) (rate float64, rows int64, err error) {
	db, err := postgres.Open(ctx, url, postgres.Options{ApplicationName: "aforro-bench"})
	if err != nil {
		return 0, 0, err
	}
	defer db.Close()
	src, err := importer.NewSource("demo", bytes.NewReader(demo.Products), int64(len(demo.Products)), nil)
	if err != nil {
		return 0, 0, err
	}
	report, err := importer.NewReport("")
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	sum, err := importer.Products(ctx, src, db, report)
	return float64(sum.New) / time.Since(begun).Seconds(), sum.New, err
}

func unpack(packed []byte, path string) (err error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, r)
	return err
}
