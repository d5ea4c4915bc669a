package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"aforro/indexer"
)

// mostPrinted bounds how many documents of a kind are printed.
const mostPrinted = 100

// says is what each kind is called.
var says = map[indexer.Kind]string{
	indexer.Missing: "missing in the index", indexer.Extra: "not in the database",
	indexer.Different: "different", indexer.Stray: "under a name that no product has",
}

// tell prints the result and writes the report.
func (o verifying) tell(out io.Writer, r verified) error {
	if o.report != "" {
		if err := listDifferences(o.report, r.Found); err != nil {
			return err
		}
	}
	if o.json {
		return json.NewEncoder(out).Encode(r)
	}
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%s: %d documents compared with PostgreSQL, %d differences (%s)\n", r.Found.Index, r.Found.Compared, r.Found.Differences(), r.Found.Method)
	printDifferences(w, r.Found)
	if r.Found.Changing > 0 {
		fmt.Fprintf(w, "  written anew at every look, so not judged: %d\n", r.Found.Changing)
	}
	if r.Left != nil {
		found := r.Found.Differences()
		fmt.Fprintf(w, "%d found, %d repaired, %d left\n", found, found-r.left(), r.left())
		printDifferences(w, *r.Left)
	}
	return w.Flush()
}

// printDifferences names the first documents of each kind.
func printDifferences(w io.Writer, r indexer.Report) {
	for _, kind := range indexer.Kinds {
		if r.Counts[kind] == 0 {
			continue
		}
		var names []string
		for _, d := range r.Named {
			if d.Kind == kind && len(names) < mostPrinted {
				names = append(names, string(d.Part)+" "+name(d))
			}
		}
		fmt.Fprintf(w, "  %s: %d (%s)\n", says[kind], r.Counts[kind], strings.Join(names, ", "))
	}
}

func name(d indexer.Difference) string { return cmp.Or(d.Name, strconv.FormatInt(d.ID, 10)) }

// listDifferences writes one line for each document: kind, part, id.
func listDifferences(path string, r indexer.Report) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriter(file)
	for _, d := range r.Named {
		fmt.Fprintf(w, "%s\t%s\t%s\n", d.Kind, d.Part, name(d))
	}
	return w.Flush()
}
