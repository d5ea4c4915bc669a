package importer

import (
	"errors"
	"io"
	"strings"
	"testing"

	"aforro/pkg/fault"
)

func readStock(t *testing.T, text string) (rows []StockRow, refused []Refusal, err error) {
	t.Helper()
	reader, err := NewStockReader(strings.NewReader(text))
	if err != nil {
		return nil, nil, err
	}
	for {
		row, refusal, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return rows, refused, nil
		case err != nil:
			return rows, refused, err
		case refusal != nil:
			refused = append(refused, *refusal)
		default:
			row.Text = ""
			rows = append(rows, row)
		}
	}
}

func TestStockIsRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want StockRow
	}{
		"plain":            {"store_id,product_id,quantity\n1,2,3\n", StockRow{Line: 2, StoreID: 1, ProductID: 2, Quantity: 3}},
		"BOM and CRLF":     {"\ufeffstore_id,product_id,quantity\r\n1,2,3\r\n", StockRow{Line: 2, StoreID: 1, ProductID: 2, Quantity: 3}},
		"order and case":   {"Quantity, SKU ,x,STORE_ID\n0,a b,y,9", StockRow{Line: 2, StoreID: 9, SKU: "a b"}},
		"quotes":           {"store_id,sku,quantity\n\"1\",\"a,\"\"b\"\"\",3\n", StockRow{Line: 2, StoreID: 1, SKU: `a,"b"`, Quantity: 3}},
		"id before sku":    {"store_id,sku,product_id,quantity\n1,a,2,3\n", StockRow{Line: 2, StoreID: 1, ProductID: 2, Quantity: 3}},
		"sku when no id":   {"store_id,sku,product_id,quantity\n\n1,a,,3\n", StockRow{Line: 3, StoreID: 1, SKU: "a", Quantity: 3}},
		"largest quantity": {"store_id,product_id,quantity\n1,2, 2147483647 \n", StockRow{Line: 2, StoreID: 1, ProductID: 2, Quantity: 2147483647}},
	} {
		rows, refused, err := readStock(t, c.text)
		if err != nil || len(refused) != 0 || len(rows) != 1 || rows[0] != c.want {
			t.Errorf("%s: %+v, refused %v, %v", name, rows, refused, err)
		}
	}
}

func TestBadStockIsRefusedByLine(t *testing.T) {
	t.Parallel()
	for bad, want := range map[string]string{
		"1,2,,-1":                               "quantity",
		"1,2,,1.5":                              "quantity",
		"1,2,,":                                 "quantity",
		"1,2,,2147483648":                       "quantity",
		"x,2,,1":                                "store_id",
		"0,2,,1":                                "store_id",
		"1,-2,,1":                               "product_id",
		"1,99999999999999999999,,1":             "product_id",
		"1,,,1":                                 "no product",
		"1,2":                                   "fields",
		`1,"2,,1`:                               "quotes",
		"1,,\x00,1":                             "NUL",
		"1,,\xff,1":                             "UTF-8",
		"1,," + strings.Repeat("s", 301) + ",1": "longer",
	} {
		rows, refused, err := readStock(t, "store_id,product_id,sku,quantity\n1,2,,3\n"+bad+"\n4,5,,6")
		if err != nil || len(rows) != 2 || len(refused) != 1 {
			t.Errorf("%q: %d rows, refused %v, %v", bad, len(rows), refused, err)
			continue
		}
		if r := refused[0]; r.Line != 3 || !strings.Contains(r.Reason, want) || r.Row != bad {
			t.Errorf("%q is refused as %+v", bad, r)
		}
	}
}

func TestStockWithoutAUsableHeaderIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n\n", "1,2,3\n", "store_id,quantity\n1,2", "store_id;product_id;quantity\n",
		"store_id,product_id,quantity,quantity\n", "\"store_id\n", "store_id,product_id,quantity\xff\n"} {
		if _, _, err := readStock(t, text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: the error is %v", text, err)
		}
	}
}

func FuzzStock(f *testing.F) {
	f.Add("store_id,product_id,sku,quantity\n1,2,\"a\",3\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, refused, err := readStock(t, text)
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		if len(rows)+len(refused) > strings.Count(text, "\n") {
			t.Fatal("more rows than lines")
		}
		for _, r := range rows {
			if r.StoreID <= 0 || r.Quantity < 0 || r.ProductID <= 0 && r.SKU == "" {
				t.Fatalf("row %+v", r)
			}
		}
	})
}
