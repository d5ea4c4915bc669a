package storefront

import (
	"net/url"
	"strings"
	"testing"
)

func mustQuery(tb testing.TB, raw string) Query {
	tb.Helper()
	values, err := url.ParseQuery(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return NewQuery(values)
}

const answer = `{"count": 100, "next": "http://x/?page=5", "previous": "http://x/?page=3", "results": [
	{"id": 1, "title": "HP <i> 250", "price": "1520.95", "category": "Notebooks", "brand": "HP", "inventory_quantity": 3, "highlight": {"title": "<em>HP</em> &lt;i&gt; 250"}},
	{"id": 2, "title": "Dell", "price": "20.00", "nearest": {"store_id": 7, "city": "Pune", "distance_km": 12.4, "quantity": 90}}],
	"did_you_mean": "laptop", "relaxed": ["purple"], "facets": [
	{"field": "category", "label": "Category", "type": "terms", "values": [{"value": "Notebooks", "label": "Notebooks", "count": 60}]},
	{"field": "brand", "label": "Brand", "type": "terms", "values": [{"value": "Dell", "label": "Dell", "count": 9}, {"value": "hp", "label": "HP", "count": 1234, "selected": true}]},
	{"field": "price", "label": "Price", "type": "range", "values": [{"value": [null, 500], "label": "Up to 500", "count": 7}, {"value": [500, 1000.5], "label": "500 to 1,000.50", "count": 8}]},
	{"field": "attr.weight", "label": "Weight (kg)", "type": "range", "values": [{"value": [1, 2], "label": "1 to 2", "count": 3}]}]}`

func mustRender(tb testing.TB, query string) string {
	tb.Helper()
	pages, err := New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	a, err := Read([]byte(answer))
	if err != nil {
		tb.Fatal(err)
	}
	page, err := pages.Results(Results{Frame: Frame{Search: mustQuery(tb, query), Stores: []Store{{ID: 2, City: "Delhi", Selected: true}}}, Answer: a})
	if err != nil {
		tb.Fatal(err)
	}
	return string(page)
}

func TestFacetsAreFilters(t *testing.T) {
	t.Parallel()
	page := mustRender(t, "q=laptob&brand=HP&brand=Sony&attr.weight_min=1&attr.weight_max=2&attr.colour=red&min_price=500&max_price=1000.5&page=4&utm_source=x&store_id=2")
	for _, want := range []string{
		`name="brand" value="hp" checked> <span>HP</span> <span class="fine">1,234</span>`,
		`name="brand" value="Sony" checked`,
		`name="brand" value="Dell"> <span>Dell`,
		`name="category" value="Notebooks"> <span>Notebooks`,
		`<a href="/?attr.colour=red&amp;brand=HP&amp;brand=Sony&amp;max_price=1000.5&amp;min_price=500&amp;q=laptob&amp;store_id=2" aria-current="true"><span>1 to 2`,
		`<span>Up to 500`, `aria-current="true"><span>500 to 1,000.50`,
		`<input type="hidden" form="search" name="attr.colour" value="red">`,
		`<input type="hidden" form="search" name="attr.weight_min" value="1">`,
		`Brand: Sony`, `Colour: red`, `Weight (kg): from 1`, `From 500`, `Up to 1,000.5`,
		`<strong>laptop</strong>`, `Left out: “purple”`,
		`<mark>HP</mark> &lt;i&gt; 250`, `>1,520.95<`, `Only 3 left in Delhi`, `90 in stock in Pune, 12 km away`,
		`100 products, page 4 of 5`, `aria-current="page"><span class="hidden">Page </span>4`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s:\n%s", want, page)
		}
	}
	if strings.Contains(page, "utm_source") {
		t.Error("a parameter that nobody knows is carried along")
	}
}

func TestIdsOfControlsAreUnique(t *testing.T) {
	t.Parallel()
	page := mustRender(t, "q=a&brand=b&brand=c")
	seen := map[string]bool{}
	for _, part := range strings.Split(page, ` id="`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
	}
	if len(seen) < 10 {
		t.Errorf("only %v", seen)
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	link := func(n string) *string { l := "http://x/?page=" + n; return &l }
	for _, c := range []struct {
		previous *string
		want     string
	}{
		{nil, "[1] 2 … 9"}, {link("1"), "1 [2] 3 … 9"}, {link("4"), "1 … 4 [5] 6 … 9"}, {link("8"), "1 … 8 [9]"},
	} {
		var got []string
		for _, turn := range (Results{Answer: Answer{Count: 9 * PageSize, Previous: c.previous}}).Turns() {
			text := grouped(turn.Number)
			if turn.Current {
				text = "[" + text + "]"
			}
			if turn.Gap {
				text = "… " + text
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("got %s, want %s", strings.Join(got, " "), c.want)
		}
	}
}

// A picture is fetched from an allowed origin and from nowhere else.
func TestPictures(t *testing.T) {
	t.Parallel()
	pages, err := New([]string{"https://Images.example.com/", " http://localhost:9000"})
	if err != nil {
		t.Fatal(err)
	}
	for image, shown := range map[string]bool{
		"https://images.example.com/a.jpg": true, "http://localhost:9000/a": true, "https://images.example.com:444/a.jpg": false, "http://images.example.com/a.jpg": false,
		"https://images.example.com.evil.test/": false, "https://x@images.example.com/": false, "javascript:alert(1)": false, "": false, "//images.example.com/a": false, ":": false,
	} {
		if got := pages.picture(image, "B", "C", "T").URL != ""; got != shown {
			t.Errorf("%q is shown: %t", image, got)
		}
	}
	if p := pages.Policy(); !strings.HasSuffix(p, "img-src 'self' https://images.example.com http://localhost:9000") {
		t.Errorf("policy %s", p)
	}
	for name, want := range map[string]string{"HP": "HP", "Western Digital": "WD", "élan": "ÉL", "": "", "…": "", "日本": "日本"} {
		if got := letters(name); got != want {
			t.Errorf("the letters of %q are %q", name, got)
		}
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"0.50": "0.50", "999.99": "999.99", "1499.00": "1,499.00", "1234567.00": "1,234,567.00", "500": "500", "x": "x"} {
		if got := money(in); got != want {
			t.Errorf("%s is written %s", in, got)
		}
	}
}

func TestHighlightsAreText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<em>a</em> b": "[a] b", "a &lt;em&gt; &amp;amp;": "a <em> &amp;", "<em>a": "a", "a</em>": "a</em>", "<em></em>": "[]", "": "",
		"x <em>&lt;script&gt;</em>y": "x [<script>]y",
	} {
		var got strings.Builder
		for _, p := range marked(in) {
			if p.Marked {
				got.WriteString("[" + p.Text + "]")
			} else {
				got.WriteString(p.Text)
			}
		}
		if got.String() != want {
			t.Errorf("%q is read as %q", in, got.String())
		}
	}
}

// What would contradict something else is not asked for.
func TestAQueryAgreesWithItself(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"near=1,2&radius_km=5&sort=distance":       "/?near=1%2C2&radius_km=5&sort=distance",
		"near=1,2&store_id=3&sort=distance&q=a":    "/?q=a&store_id=3",
		"radius_km=5&sort=price&page=2&x=1&brand=": "/?page=2&sort=price",
		"": "/",
	} {
		if got := mustQuery(t, in).Address(); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}
