package importer

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aforro/pkg/fault"
)

// memory is a sink that keeps ids by chunk.
type memory struct {
	chunks  [][]int64
	finish  int
	fail    error
	onWrite func()
}

func (m *memory) ImportProducts(_ context.Context, feed func(ProductSink) error) error {
	return feed(m)
}

func (m *memory) WriteProducts(_ context.Context, rows []ProductRow) (Outcome, error) {
	if m.onWrite != nil {
		m.onWrite()
	}
	var ids []int64
	for _, r := range rows {
		ids = append(ids, r.Product.ID)
	}
	m.chunks = append(m.chunks, ids)
	return Outcome{New: int64(len(rows))}, m.fail
}

func (m *memory) FinishProducts(context.Context) (Outcome, bool, error) {
	m.finish++
	return Outcome{Changed: 1}, m.finish < 3, nil
}

func products(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id":%d,"sku":"s","title":"t","category":"c","price":1}`+"\n", i+1)
	}
	return b.String()
}

func zipped(tb testing.TB, text string) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// importFile writes body to a file and imports it.
func importFile(t *testing.T, body []byte, into ProductStore, progress Progress) (Summary, []Refusal, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.ndjson")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(path, progress)
	if err != nil {
		t.Fatal(err)
	}
	report, err := NewReport(ReportPath(path))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := Products(t.Context(), src, into, report)
	if closeErr := errors.Join(src.Close(), report.Close()); closeErr != nil {
		t.Fatal(closeErr)
	}
	return sum, mustReport(t, ReportPath(path)), err
}

func mustReport(t *testing.T, path string) (refused []Refusal) {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for l := range bytes.Lines(text) {
		var r Refusal
		if err := json.Unmarshal(l, &r); err != nil {
			t.Fatal(err)
		}
		refused = append(refused, r)
	}
	return refused
}

func TestFileIsImportedInChunks(t *testing.T) {
	t.Parallel()
	body := zipped(t, products(ChunkRows+7))
	m, done, total := &memory{}, int64(0), int64(0)
	sum, refused, err := importFile(t, body, m, func(d, n int64) { done, total = d, n })
	if err != nil || len(refused) != 0 || sum != (Summary{New: ChunkRows + 7, Changed: 3}) {
		t.Fatalf("%+v, %v, %v", sum, refused, err)
	}
	if len(m.chunks) != 2 || len(m.chunks[0]) != ChunkRows || m.chunks[1][6] != ChunkRows+7 || m.finish != 3 {
		t.Errorf("%d chunks, finished %d times", len(m.chunks), m.finish)
	}
	if done != int64(len(body)) || total != done {
		t.Errorf("progress ended at %d of %d, the file has %d bytes", done, total, len(body))
	}
}

func TestRefusedRowsAreReported(t *testing.T) {
	t.Parallel()
	sum, refused, err := importFile(t, []byte(products(1)+"oops\n"+products(1)+`{"id":<&>}`), &memory{}, nil)
	if err != nil || sum.New != 2 || sum.Refused != 2 || len(refused) != 2 {
		t.Fatalf("%+v, %v, %v", sum, refused, err)
	}
	if refused[0].Line != 2 || refused[0].Row != "oops" || refused[1].Line != 4 || refused[1].Row != `{"id":<&>}` {
		t.Errorf("the report says %v", refused)
	}
}

func TestBrokenFileLandsUpToTheBreak(t *testing.T) {
	t.Parallel()
	for name, body := range map[string][]byte{
		"cut":     zipped(t, products(20000))[:20000],
		"garbage": append(zipped(t, products(20000))[:20000], bytes.Repeat([]byte{0xff}, 500)...),
	} {
		m := &memory{}
		sum, _, err := importFile(t, body, m, nil)
		if !fault.Is(err, fault.Invalid) || sum.New == 0 || m.finish != 3 {
			t.Errorf("%s: %+v, %v", name, sum, err)
			continue
		}
		if want := fmt.Sprintf("line %d:", sum.New+1); !strings.Contains(err.Error(), want) && name == "cut" {
			t.Errorf("%s: the error is %v, want %q", name, err, want)
		}
	}
}

func TestFailureOfTheSinkEndsTheRun(t *testing.T) {
	t.Parallel()
	m := &memory{fail: errors.New("away")}
	sum, _, err := importFile(t, []byte(products(3*ChunkRows)), m, nil)
	if !errors.Is(err, m.fail) || sum.New != 0 || len(m.chunks) != 1 || m.finish != 0 {
		t.Errorf("%+v, %d chunks, finished %d times, %v", sum, len(m.chunks), m.finish, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	m := &memory{onWrite: cancel}
	src, err := NewSource("x", strings.NewReader(products(5*ChunkRows)), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Products(ctx, src, m, &Report{})
	if !errors.Is(err, context.Canceled) || len(m.chunks) != 1 || m.finish != 0 {
		t.Errorf("%d chunks, %v", len(m.chunks), err)
	}
}

func TestReportOfTheRunBeforeIsRemoved(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := NewReport(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old report is still there: %v", err)
	}
}

func TestWhatCannotBeOpenedIsInvalid(t *testing.T) {
	t.Parallel()
	if _, err := Open(filepath.Join(t.TempDir(), "none"), nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("the error is %v", err)
	}
	if _, err := NewSource("x", strings.NewReader("\x1f\x8bnot gzip"), 0, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("the error is %v", err)
	}
}
