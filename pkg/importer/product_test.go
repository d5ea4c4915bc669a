package importer

import (
	"errors"
	"io"
	"strings"
	"testing"

	"aforro/pkg/catalog"
)

// full has every key; tests change one.
const full = `{"id":7,"sku":" A-1 ","title":"Desk","description":"oak","brand":"B","category":"Desks","price":27.95,` +
	`"released_on":"2020-02-29","gtin":"0882780756328","image_url":"https://x/1.jpg","attributes":{"w":1,"s":"x"},"active":false,"colour":"red"}`

// read collects what a reader gives until the stream ends.
func read1(t *testing.T, text string) (rows []ProductRow, refused []Refusal, err error) {
	t.Helper()
	for reader := NewProductReader(strings.NewReader(text)); ; {
		row, refusal, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return rows, refused, nil
		case err != nil:
			return rows, refused, err
		case refusal != nil:
			refused = append(refused, *refusal)
		default:
			rows = append(rows, row)
		}
	}
}

func TestProductIsRead(t *testing.T) {
	t.Parallel()
	rows, refused, err := read1(t, "\ufeff"+full+"\r\n\n  \n{\"sku\":\"s\",\"title\":\"t\",\"category\":\"c\",\"price\":\"1.5\"}")
	if err != nil || len(refused) != 0 || len(rows) != 2 {
		t.Fatalf("%d rows, refused %v, %v", len(rows), refused, err)
	}
	p := rows[0].Product
	if p.ID != 7 || p.SKU != "A-1" || p.Price != 2795 || p.ReleasedOn.Format("2006-01-02") != "2020-02-29" ||
		string(p.Attributes) != `{"w":1,"s":"x"}` || *rows[0].Active || rows[0].Line != 1 || p.GTIN != "0882780756328" {
		t.Errorf("row %+v", rows[0])
	}
	q := rows[1]
	if q.Product.ID != 0 || q.Line != 4 || q.Active != nil || string(q.Product.Attributes) != "{}" || q.Product.Price != 150 || q.Product.ReleasedOn != nil {
		t.Errorf("row %+v", q)
	}
}

func TestBadProductsAreRefusedByLine(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 21) + "1" + strings.Repeat("}", 21)
	for name, c := range map[string]struct{ old, new, want string }{
		"no JSON":            {full, `{"id":`, "no valid JSON"},
		"an array":           {full, `[1]`, "no JSON object"},
		"invalid UTF-8":      {"Desk", "D\xffsk", "UTF-8"},
		"id 0":               {`"id":7`, `"id":0`, "id:"},
		"id negative":        {`"id":7`, `"id":-7`, "id:"},
		"id fraction":        {`"id":7`, `"id":7.5`, "id:"},
		"id text":            {`"id":7`, `"id":"7"`, "id:"},
		"id too large":       {`"id":7`, `"id":9007199254740992`, "id:"},
		"price missing":      {`"price":27.95,`, ``, "price: is missing"},
		"price null":         {`27.95`, `null`, "price: is missing"},
		"price negative":     {`27.95`, `-1`, "price:"},
		"price exponent":     {`27.95`, `1e2`, "price:"},
		"price 3 decimals":   {`27.95`, `1.234`, "price:"},
		"price too large":    {`27.95`, `10000000000`, "price:"},
		"price object":       {`27.95`, `{}`, "price:"},
		"price empty":        {`27.95`, `""`, "price:"},
		"sku missing":        {`" A-1 "`, `" "`, "sku: is missing"},
		"sku long":           {`" A-1 "`, `"` + strings.Repeat("é", 301) + `"`, "sku: is longer than 300"},
		"sku number":         {`" A-1 "`, `1`, "sku: must be a text, not a number"},
		"title missing":      {`"title":"Desk",`, ``, "title: is missing"},
		"title NUL":          {`Desk`, `D\u0000k`, "title: contains a NUL"},
		"category missing":   {`"Desks"`, `null`, "category: is missing"},
		"gtin letters":       {`0882780756328`, `08827807x`, "gtin:"},
		"gtin long":          {`0882780756328`, `088278075632812`, "gtin: is longer than 14"},
		"url":                {`https://x`, `javascript:x`, "image_url:"},
		"date":               {`2020-02-29`, `2021-02-29`, "released_on:"},
		"date form":          {`2020-02-29`, `29.2.2020`, "released_on:"},
		"active":             {`false`, `"no"`, "active: must be true or false"},
		"attributes array":   {`{"w":1,"s":"x"}`, `[1]`, "attributes: must be an object"},
		"attributes NUL":     {`"s":"x"`, `"s":"\u0000"`, "attributes: hold a NUL"},
		"lone surrogate":     {`"s":"x"`, `"s":"\ud800 "`, "surrogate"},
		"swapped surrogates": {`"s":"x"`, `"s":"\udc00\ud800"`, "surrogate"},
		"attributes number":  {`"w":1`, `"w":1e99999`, "number"},
		"attributes digits":  {`"w":1`, `"w":` + strings.Repeat("9", 101), "number"},
		"attributes deep":    {`{"w":1,"s":"x"}`, deep, "nested"},
		"attributes large":   {`"s":"x"`, `"s":"` + strings.Repeat("x", catalog.MaxAttributes) + `"`, "larger"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := strings.Replace(full, c.old, c.new, 1)
			rows, refused, err := read1(t, full+"\n"+bad+"\n"+full+"\n")
			if err != nil || len(rows) != 2 || len(refused) != 1 {
				t.Fatalf("%d rows, %d refused, %v", len(rows), len(refused), err)
			}
			if r := refused[0]; r.Line != 2 || !strings.Contains(r.Reason, c.want) || r.Row != bad {
				t.Errorf("refused line %d: %s, want %q", r.Line, r.Reason, c.want)
			}
		})
	}
}

func TestGoodAttributesPass(t *testing.T) {
	t.Parallel()
	for _, a := range []string{`{}`, `{"a":"\ud83d\ude00 \\u0000 \" \u00e9"}`, `{"a":[1,-2.5e10,null,true],"b":{"c":{}}}`, `{"\u0041":1E-5}`} {
		rows, refused, err := read1(t, strings.Replace(full, `{"w":1,"s":"x"}`, a, 1))
		if err != nil || len(rows) != 1 {
			t.Errorf("%s: %v, %v", a, refused, err)
		}
	}
}

func TestHugeLineIsRefusedAndTheRestIsRead(t *testing.T) {
	t.Parallel()
	rows, refused, err := read1(t, full+"\n"+strings.Repeat("x", 3*MaxLine)+"\n"+full)
	if err != nil || len(rows) != 2 || len(refused) != 1 || refused[0].Line != 2 || len(refused[0].Row) != shownOfLongLine {
		t.Fatalf("%d rows, %d refused, %v", len(rows), len(refused), err)
	}
	if rows[1].Line != 3 {
		t.Errorf("the row after is line %d", rows[1].Line)
	}
}

func TestLineOfExactlyTheLimitIsRead(t *testing.T) {
	t.Parallel()
	pad := strings.Repeat(" ", MaxLine-len(full))
	for _, end := range []string{"", "\n", "\r\n"} {
		if rows, refused, err := read1(t, full+pad+end); len(rows) != 1 || err != nil {
			t.Errorf("end %q: %d rows, %d refused, %v", end, len(rows), len(refused), err)
		}
		if rows, refused, err := read1(t, full+pad+" "+end+full); len(refused) != 1 || err != nil {
			t.Errorf("one more, end %q: %d rows, %d refused, %v", end, len(rows), len(refused), err)
		}
	}
}

func FuzzProducts(f *testing.F) {
	f.Add(full)
	f.Add(strings.Replace(full, `"x"`, `"\ud83d\ude00\\"`, 1))
	f.Add("{\"attributes\":{\"\\ud8\"")
	f.Fuzz(func(t *testing.T, text string) {
		rows, refused, err := read1(t, text)
		if err != nil {
			t.Fatalf("a stream that ends well: %v", err)
		}
		if len(rows)+len(refused) > strings.Count(text, "\n")+1 {
			t.Fatal("more rows than lines")
		}
		for _, r := range rows {
			if r.Product.Title == "" || r.Product.Price < 0 || r.Product.Price > catalog.MaxPrice || strings.ContainsRune(r.Product.Title, 0) {
				t.Fatalf("row %+v", r)
			}
		}
	})
}
