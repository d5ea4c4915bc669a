package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"aforro/demo"
	"aforro/pkg/importer"
	"aforro/pkg/postgres"
	"aforro/pkg/seed"
	"aforro/pkg/stack"
)

func seedCommand() *cobra.Command {
	var o seed.Options
	cmd := &cobra.Command{
		Use:   "seed",
		Short: "Make a synthetic catalogue of any size, for scale runs",
		Long: `Make products, stores and stock out of nothing but a seed: the same numbers give
the same catalogue. Titles are put together from real brands, types and model
parts of the demo catalogue; one stock line in twenty is sold out. The catalogue
must be empty, or hold the beginning of the same seed, which is then completed;
--append adds to one that is not.`,
		Example: "  aforro seed --products 1000000 --stores 100 --per-store 30000 --seed 1",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runSeed(cmd, o) },
	}
	f := cmd.Flags()
	f.Int64Var(&o.Products, "products", 10_000, "how many products")
	f.Int64Var(&o.Stores, "stores", 20, "how many stores")
	f.Int64Var(&o.PerStore, "per-store", 3_000, "how many products each store carries")
	f.Uint64Var(&o.Seed, "seed", 1, "what everything is drawn from")
	f.BoolVar(&o.Append, "append", false, "add to a catalogue that is not empty")
	return cmd
}

func runSeed(cmd *cobra.Command, o seed.Options) error {
	c, err := settings(cmd, postgresURL)
	if err != nil {
		return err
	}
	a := newApp(c, logger(c))
	defer a.closeAll()
	db, err := a.database(cmd.Context(), postgres.Options{ApplicationName: "aforro-seed", MaxConns: 4})
	if err != nil {
		return err
	}
	catalogue, err := importer.NewSource("demo catalogue", bytes.NewReader(demo.Products), int64(len(demo.Products)), nil)
	if err != nil {
		return err
	}
	words, err := seed.Learn(catalogue)
	if err != nil {
		return err
	}
	o.Cities = demo.Stores()
	steps := stepBars{report: stack.NewReporter(cmd.ErrOrStderr()), unit: "rows"}
	products, stock, err := seed.Load(cmd.Context(), db, words, o, steps.show)
	steps.end()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "products: %s\nstock: %s\n", products, stock)
	return err
}
