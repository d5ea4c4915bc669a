package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"aforro/pkg/importer"
	"aforro/pkg/inventory"
	"aforro/pkg/postgres"
	"aforro/pkg/stack"
)

func importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Bring products or stock in from a file",
		Long: `Bring products or stock into PostgreSQL from a file, gzip or not; "-" reads
standard input. Good rows land, in chunks; refused ones are written with line
and reason to FILE.refused.ndjson (or --report). It is safe to interrupt and to
repeat: what is the same already is not written.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(importProducts(), importStock())
	return cmd
}

func importProducts() *cobra.Command {
	var report string
	cmd := &cobra.Command{
		Use:   "products FILE.ndjson[.gz]",
		Short: "Bring in products, one JSON object a line",
		Long: `One JSON object a line: id, sku, title, category and price, and if there are any
description, brand, gtin, image_url, released_on (YYYY-MM-DD), attributes (an
object), active. A product is its id; without one, a new product is made above
the highest id. Products that the file does not name stay as they are; one with
"active": false leaves search and sale, and is kept for the orders that name it.`,
		Example: `  aforro import products catalogue.ndjson.gz
  zcat catalogue.ndjson.gz | aforro import products - --report refused.ndjson`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runImport(cmd, args[0], report, func(ctx context.Context, db *postgres.DB, src *importer.Source, r *importer.Report) (importer.Summary, error) {
				return importer.Products(ctx, src, db, r)
			})
		},
	}
	cmd.Flags().StringVar(&report, "report", "", "where refused rows go (default: beside the file)")
	return cmd
}

func importStock() *cobra.Command {
	var report string
	cmd := &cobra.Command{
		Use:   "stock FILE.csv[.gz]",
		Short: "Bring in stock: store_id, product_id (or sku), quantity",
		Long: `A CSV file with a header and the columns store_id, quantity, and product_id or,
where it belongs to one product only, sku. The quantity replaces what is there;
lines that the file does not name stay. Each change enters the ledger with the
reason "import" and the file's name.`,
		Example: `  aforro import stock stock.csv`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runImport(cmd, args[0], report, func(ctx context.Context, db *postgres.DB, src *importer.Source, r *importer.Report) (importer.Summary, error) {
				return importer.Stock(ctx, src, db, importer.StockOptions{Reason: inventory.ReasonImport, Reference: src.Name}, r)
			})
		},
	}
	cmd.Flags().StringVar(&report, "report", "", "where refused rows go (default: beside the file)")
	return cmd
}

type importing func(ctx context.Context, db *postgres.DB, src *importer.Source, r *importer.Report) (importer.Summary, error)

// runImport opens what an import needs, shows its progress and says what came of it.
func runImport(cmd *cobra.Command, path, reportPath string, run importing) (err error) {
	c, err := settings(cmd, postgresURL)
	if err != nil {
		return err
	}
	a := newApp(c, logger(c))
	defer a.closeAll()
	db, err := a.database(cmd.Context(), postgres.Options{ApplicationName: "aforro-import", MaxConns: 4})
	if err != nil {
		return err
	}
	steps := stepBars{report: stack.NewReporter(cmd.ErrOrStderr()), unit: "bytes"}
	src, err := importer.Open(path, func(done, total int64) {
		if total > 0 {
			steps.show("importing "+path, done, total)
		}
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	if reportPath == "" {
		reportPath = importer.ReportPath(path)
	}
	refused, err := importer.NewReport(reportPath)
	if err != nil {
		return err
	}
	begun := time.Now()
	sum, err := run(cmd.Context(), db, src, refused)
	steps.end()
	return errors.Join(err, refused.Close(), say(cmd, sum, reportPath, time.Since(begun)))
}

func say(cmd *cobra.Command, sum importer.Summary, reportPath string, took time.Duration) error {
	rows := sum.New + sum.Changed + sum.Same + sum.Replaced + sum.Refused
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s (%d rows in %.1f s, %.0f a second)\n", sum, rows, took.Seconds(), float64(rows)/took.Seconds())
	if err == nil && sum.Refused > 0 {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "refused rows, with their lines and reasons: %s\n", reportPath)
	}
	return err
}
