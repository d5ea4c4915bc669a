//go:build integration

package postgres_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/fault"
	"aforro/pkg/importer"
	"aforro/pkg/inventory"
	"aforro/pkg/postgres"
	"aforro/pkg/testkit"
)

// intake is a database that files are imported into.
type intake struct {
	*testing.T
	db   *postgres.DB
	conn *pgx.Conn
}

func newIntake(t *testing.T) intake {
	t.Helper()
	url := testkit.Postgres(t)
	return intake{T: t, db: testkit.Open(t, url), conn: testkit.Conn(t, url)}
}

// row is a line of NDJSON; more is appended as it is.
func row(id int, title, price, more string) string {
	return fmt.Sprintf(`{"id":%d,"sku":"S-%[1]d","title":%q,"category":"Desks","price":%s%s}`+"\n", id, title, price, more)
}

// products imports NDJSON from a file.
func (in intake) products(body string) (importer.Summary, []string, error) {
	in.Helper()
	return in.file(body, func(ctx context.Context, src *importer.Source, report *importer.Report) (importer.Summary, error) {
		return importer.Products(ctx, src, in.db, report)
	})
}

// stock imports CSV from a file.
func (in intake) stock(body string) (importer.Summary, []string, error) {
	in.Helper()
	return in.file(body, func(ctx context.Context, src *importer.Source, report *importer.Report) (importer.Summary, error) {
		o := importer.StockOptions{Reason: inventory.ReasonImport, Reference: src.Name}
		return importer.Stock(ctx, src, in.db, o, report)
	})
}

func (in intake) file(body string, run func(context.Context, *importer.Source, *importer.Report) (importer.Summary, error)) (importer.Summary, []string, error) {
	in.Helper()
	path := filepath.Join(in.TempDir(), "file.gz")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		in.Fatal(err)
	}
	src, err := importer.Open(path, nil)
	if err != nil {
		in.Fatal(err)
	}
	report, err := importer.NewReport(importer.ReportPath(path))
	if err != nil {
		in.Fatal(err)
	}
	sum, err := run(in.Context(), src, report)
	if closeErr := errors.Join(src.Close(), report.Close()); closeErr != nil {
		in.Fatal(closeErr)
	}
	text, readErr := os.ReadFile(importer.ReportPath(path))
	if readErr != nil && !errors.Is(readErr, os.ErrNotExist) {
		in.Fatal(readErr)
	}
	return sum, slices.Collect(strings.Lines(string(text))), err
}

func (in intake) want(got importer.Summary, refused []string, err error, want importer.Summary) {
	in.Helper()
	if err != nil || got != want || int64(len(refused)) != want.Refused {
		in.Errorf("got %s, report %v, %v; want %s", got, refused, err, want)
	}
}

func (in intake) column(sql string, want ...string) {
	in.Helper()
	if got := mustColumn(in.T, in.conn, sql); !slices.Equal(got, want) {
		in.Errorf("%s\ngives %q\nwant  %q", sql, got, want)
	}
}

func TestProductsAreImportedOnceAndChangedOnlyWhereTheyDiffer(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	first := row(1, "Oak", "27.95", "") + row(2, "Elm", `"1.5"`, `,"gtin":"012","attributes":{"w":1.50},"released_on":"2020-02-29","brand":"B","image_url":"https://x","description":"d"`) + row(900, "Ash", "0", `,"active":false`)
	sum, refused, err := in.products(first)
	in.want(sum, refused, err, importer.Summary{New: 3})
	in.column(`SELECT concat_ws('|', p.id, sku, title, c.name, price, gtin, attributes, released_on, active, brand, image_url, description)
		FROM products p JOIN categories c ON c.id = category_id ORDER BY p.id`,
		"1|S-1|Oak|Desks|27.95|{}|t||", "2|S-2|Elm|Desks|1.50|012|{\"w\": 1.50}|2020-02-29|t|B|https://x|d", "900|S-900|Ash|Desks|0.00|{}|f||")
	in.column(`SELECT nextval('products_id_seq')::text`, "901")

	mustExec(t, in.conn, `UPDATE products SET active = false, updated_at = '2000-01-01' WHERE id = 1`)
	mustExec(t, in.conn, `UPDATE products SET updated_at = '2000-01-01' WHERE id > 1`)
	sum, refused, err = in.products(first)
	in.want(sum, refused, err, importer.Summary{Same: 3})
	in.column(`SELECT id::text FROM products WHERE updated_at <> '2000-01-01' OR xmax <> 0`) // not even locked

	changed := strings.Replace(row(1, "Oak", "27.94", ""), "Desks", "dESKS", 1) + row(2, "Elm", "1.5", "") + row(3, "Fir", "1", "")
	sum, refused, err = in.products(changed)
	in.want(sum, refused, err, importer.Summary{New: 1, Changed: 2})
	in.column(`SELECT concat_ws('|', id, price, coalesce(gtin, '-'), active, updated_at > '2000-01-01') FROM products ORDER BY id`,
		"1|27.94|-|f|t", "2|1.50|-|t|t", "3|1.00|-|t|t", "900|0.00|-|f|f")
	in.column(`SELECT name FROM categories`, "Desks")
}

func TestOfSeveralRowsTheLastWins(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	sum, refused, err := in.products(row(1, "a", "1", "") + row(2, "b", "1", "") + row(1, "c", "1", ""))
	in.want(sum, refused, err, importer.Summary{New: 2, Replaced: 1})
	in.column(`SELECT title FROM products ORDER BY id`, "c", "b")
}

func TestProductsWithoutAnIDLieAboveTheFilesOwn(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	noID := `{"sku":"N","title":"New","category":"Desks","price":%s}` + "\n"
	other := `{"sku":"O","title":"Other","category":"Lamps","price":2}` + "\n"
	file := fmt.Sprintf(noID, "1") + other + row(50, "Oak", "1", "") + fmt.Sprintf(noID, "3")
	sum, refused, err := in.products(file)
	in.want(sum, refused, err, importer.Summary{New: 3, Replaced: 1})
	in.column(`SELECT concat_ws('|', id, title, price) FROM products ORDER BY id`, "50|Oak|1.00", "51|Other|2.00", "52|New|3.00")
	sum, refused, err = in.products(file)
	in.want(sum, refused, err, importer.Summary{Same: 3, Replaced: 1})

	mustExec(t, in.conn, `INSERT INTO products (sku, title, category_id, price) SELECT sku, title, category_id, 9 FROM products WHERE id = 52`)
	sum, refused, err = in.products(fmt.Sprintf(noID, "4") + other)
	in.want(sum, refused, err, importer.Summary{Same: 1, Refused: 1})
}

func TestBrokenFileOfProductsLandsItsGoodRows(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	huge := strings.Repeat("x", importer.MaxLine+10) + "\n"
	file := row(1, "a", "1", "") + "not json\n" + row(2, "b", "-1", "") + huge + row(3, "c", "1", `,"attributes":{"a":"\u0000"}`) + row(4, "d\xff", "1", "") + row(5, "e", "1", "")
	sum, refused, err := in.products(file)
	in.want(sum, refused, err, importer.Summary{New: 2, Refused: 5})
	for i, line := range []string{`{"line":2,`, `{"line":3,`, `{"line":4,`, `{"line":5,`, `{"line":6,`} {
		if i < len(refused) && !strings.HasPrefix(refused[i], line) {
			t.Errorf("refusal %d is %.80s, want %s", i, refused[i], line)
		}
	}
	in.column(`SELECT id::text FROM products ORDER BY id`, "1", "5")
}

// What the reader lets pass and the schema does not is found by halving.
func TestRowThatTheDatabaseRefusesStandsAlone(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	mustExec(t, in.conn, `ALTER TABLE products ADD CONSTRAINT odd CHECK (title NOT LIKE '%odd%')`)
	noID := `{"sku":"N","title":"%s","category":"Desks","price":1}` + "\n"
	var file strings.Builder
	for i := range 300 {
		title := "even"
		if i == 17 || i == 18 || i == 299 {
			title = "odd"
		}
		file.WriteString(row(i+1, title, "1", ""))
	}
	for _, title := range []string{"x", "odd one", "y", "odd two"} {
		file.WriteString(fmt.Sprintf(noID, title))
	}
	sum, refused, err := in.products(file.String())
	in.want(sum, refused, err, importer.Summary{New: 299, Refused: 5})
	if all := strings.Join(refused, ""); !strings.Contains(all, `{"line":302,"reason":"the database does not accept this row"`) || strings.Contains(all, "constraint") {
		t.Errorf("the report says %s", all)
	}
}

func TestTruncatedGzipLandsUpToTheBreakAndIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	var text, packed bytes.Buffer
	for i := range 12_000 {
		text.WriteString(row(i+1, fmt.Sprint("t", i*7919), fmt.Sprint(i), ""))
	}
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cut, _, err := in.products(packed.String()[:packed.Len()*2/3])
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), fmt.Sprintf("line %d:", cut.New+1)) || cut.New == 0 {
		t.Fatalf("%s, %v", cut, err)
	}
	sum, refused, err := in.products(packed.String())
	in.want(sum, refused, err, importer.Summary{New: 12_000 - cut.New, Same: cut.New})
}

// stopping cancels the import after its first chunk.
type stopping struct {
	importer.ProductStore
	stop context.CancelFunc
}

func (s stopping) ImportProducts(ctx context.Context, feed func(importer.ProductSink) error) error {
	return s.ProductStore.ImportProducts(ctx, func(sink importer.ProductSink) error {
		return feed(stoppingSink{sink, s.stop})
	})
}

type stoppingSink struct {
	importer.ProductSink
	stop context.CancelFunc
}

func (s stoppingSink) WriteProducts(ctx context.Context, rows []importer.ProductRow) (importer.Outcome, error) {
	defer s.stop()
	return s.ProductSink.WriteProducts(ctx, rows)
}

func TestInterruptedImportIsCompletedByTheNext(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	var text strings.Builder
	for i := range 12_000 {
		text.WriteString(row(i+1, "t", "1", ""))
	}
	src, err := importer.NewSource("x", strings.NewReader(text.String()), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cut, err := importer.Products(ctx, src, stopping{in.db, cancel}, &importer.Report{})
	if !errors.Is(err, context.Canceled) || cut.New != importer.ChunkRows {
		t.Fatalf("%s, %v", cut, err)
	}
	sum, refused, err := in.products(text.String())
	in.want(sum, refused, err, importer.Summary{New: 12_000 - importer.ChunkRows, Same: importer.ChunkRows})
}

func TestImportsWaitForEachOther(t *testing.T) {
	t.Parallel()
	in := newIntake(t)
	ended := make(chan error)
	for range 4 {
		go func() {
			src, err := importer.NewSource("x", strings.NewReader(row(1, "a", "1", "")+row(2, "b", "1", "")), 0, nil)
			if err == nil {
				_, err = importer.Products(t.Context(), src, in.db, &importer.Report{})
			}
			ended <- err
		}()
	}
	for range 4 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	in.column(`SELECT id::text FROM products ORDER BY id`, "1", "2")
}

func TestImportWithoutADatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	db := testkit.Open(t, "postgres://aforro@127.0.0.1:1/x?sslmode=disable")
	end := func() (importer.ProductRow, *importer.Refusal, error) { return importer.ProductRow{}, nil, io.EOF }
	if _, err := importer.ProductRows(t.Context(), end, db, &importer.Report{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the error is %v", err)
	}
}
