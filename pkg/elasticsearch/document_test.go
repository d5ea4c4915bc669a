package elasticsearch

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"aforro/pkg/search"
)

func TestRender(t *testing.T) {
	t.Parallel()
	released := time.Date(2006, 7, 1, 0, 0, 0, 0, time.UTC)
	doc := search.Document{
		ID: 7, SKU: "A-1", Title: "Brother TN-1 toner cartridge", Description: "d", Brand: "Brother", Category: "Toner", Price: 2795,
		GTIN: "123", ReleasedOn: &released, Attributes: json.RawMessage(`{"width": 5.5, "colour": "Red", "new": true, "odd": "NaN"}`),
		Stock: []search.Stock{{StoreID: 2, Quantity: 0}, {StoreID: 9, Quantity: 4}}, Hash: 77, TitlesHash: 88,
	}
	const want = `{"id":7,"sku":"A-1","gtin":"123","title":"Brother TN-1 toner cartridge","description":"d",` +
		`"brand":"Brother","category":"Toner","type":"toner cartridge","head":"cartridge","accessory":true,"family":"brother|tn-1 toner cartridge","price":2795,"released_on":"2006-07-01",` +
		`"attributes":[{"key":"width","value":"5.5","number":5.5},{"key":"colour","value":"Red"},{"key":"new","value":"true"},{"key":"odd","value":"NaN"}],` +
		`"attribute_terms":["width=5.5","colour=Red","new=true","odd=NaN"],"facets":[],"facet_steps":["width=0"],"numbers":{"width":5.5},` +
		`"stores":[2,9],"stores_in_stock":[9],"stock":[{"store_id":2,"quantity":0},{"store_id":9,"quantity":4}],"hash":77}`
	const wantTitle = `{"id":7,"title":"Brother TN-1 toner cartridge","title_length":28,"stores":[2,9],"brand":"Brother","category":"Toner","kinds":["toner cartridge"],` +
		`"phrases":["toner cartridge","brother toner cartridge"],"suggest":{"input":"Brother TN-1 toner cartridge","weight":1048548,"contexts":{"store":["all","2","9"]}},"hash":88}`
	for part, want := range map[search.Part]string{search.Products: want, search.Titles: wantTitle} {
		got, err := new(Client).Render(&doc, part)
		if err != nil || string(got) != want {
			t.Errorf("%s: got  %s, %v\nwant %s", part, got, err, want)
		}
	}
}

func TestRenderAtItsEdges(t *testing.T) {
	t.Parallel()
	for part, texts := range map[search.Part][]string{
		search.Products: {`"stores":[]`, `"stores_in_stock":[]`, `"stock":[]`},
		search.Titles:   {`"title_length":2`, `"stores":[]`, `"contexts":{"store":["all"]}`},
	} {
		bare, err := new(Client).Render(&search.Document{ID: 1, Title: "ß😀"}, part)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if !strings.Contains(string(bare), text) {
				t.Errorf("%s is not in %s", text, bare)
			}
		}
	}
	for _, broken := range []string{`[]`, `"x"`, `{`} {
		for _, part := range search.Parts {
			if _, err := new(Client).Render(&search.Document{Attributes: json.RawMessage(broken)}, part); err == nil {
				t.Errorf("%s: attributes %s were taken", part, broken)
			}
		}
	}
}

// What is counted comes from the table: the best source, numbers to thousandths
// and as the range they lie in, texts as they are written.
func TestRenderedFacets(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", search.MaxFilterValue+1)
	for object, want := range map[string]string{
		`{"display_diagonal": 15.6}`:                       `["display_diagonal=15.6"],"facets":[],"facet_steps":["screen_size=12"],"numbers":{"screen_size":15.6}`,
		`{"display_diagonal": 15.6, "screen_size": "14"}`:  `["display_diagonal=15.6","screen_size=14"],"facets":[],"facet_steps":["screen_size=11"],"numbers":{"screen_size":14}`,
		`{"screen_size": "wide"}`:                          `["screen_size=wide"],"facets":[],"facet_steps":[],"numbers":{}`,
		`{"weight": 1999.9996, "width": -1, "other": 1e3}`: `["weight=1999.9996","width=-1","other=1e3"],"facets":[],"facet_steps":["weight=11","width=0"],"numbers":{"weight":2000,"width":-1}`,
		`{"product_colour": "R\"e\u0041d", "none": null}`:  `["product_colour=R\"eAd"],"facets":["product_colour=R\"eAd"],"facet_steps":[],"numbers":{}`,
		`{"type": "` + long + `", "material": ""}`:         `[],"facets":[],"facet_steps":[],"numbers":{}`,
	} {
		list, err := attributes(json.RawMessage(object))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(appendFacets(nil, list)); got != `,"attribute_terms":`+want {
			t.Errorf("%s:\n got %s\nwant %s", object, got, want)
		}
	}
}
