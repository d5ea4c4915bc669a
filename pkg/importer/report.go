package importer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Refusal is one row that was not imported.
type Refusal struct {
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
	// Row is the line as it was read; of one beyond MaxLine only the beginning.
	Row string `json:"row"`
}

// ReportPath is where the refusals of an import of path go unless told
// otherwise: beside it.
func ReportPath(path string) string {
	if path == Stdin {
		return "stdin.refused.ndjson"
	}
	return path + ".refused.ndjson"
}

// Report is the file of refused rows, NDJSON. It comes into being with the
// first refusal; a report that an earlier run left is removed when the run
// begins, so that what lies there is always of the last run.
type Report struct {
	path string
	file *os.File
	w    *bufio.Writer
}

// NewReport prepares a report at path; "" makes one that keeps nothing.
func NewReport(path string) (*Report, error) {
	if info, err := os.Lstat(path); path != "" && err == nil && info.Mode().IsRegular() {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("remove the report of the run before: %w", err)
		}
	}
	return &Report{path: path}, nil
}

// Add writes refusals.
func (r *Report) Add(refused ...Refusal) error {
	if r.path == "" || len(refused) == 0 {
		return nil
	}
	if r.file == nil {
		f, err := os.Create(r.path)
		if err != nil {
			return fmt.Errorf("create the report of refused rows: %w", err)
		}
		r.file, r.w = f, bufio.NewWriter(f)
	}
	enc := json.NewEncoder(r.w)
	enc.SetEscapeHTML(false)
	for _, row := range refused {
		if err := enc.Encode(row); err != nil {
			return fmt.Errorf("write the report of refused rows: %w", err)
		}
	}
	return nil
}

// Close completes the file.
func (r *Report) Close() error {
	if r.file == nil {
		return nil
	}
	if err := errors.Join(r.w.Flush(), r.file.Close()); err != nil {
		return fmt.Errorf("complete the report of refused rows: %w", err)
	}
	return nil
}
