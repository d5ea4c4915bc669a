package seed

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
)

const someProducts = `{"id":1,"sku":"80","title":"HP 80 Original Cyan","brand":"HP","category":"Toner & Ink","price":125.95,"attributes":{"width":56,"type":"Original"}}
{"id":2,"sku":"NC2003SR","title":"Tripp Lite NC2003SR notebook stand Silver","brand":"Tripp Lite","category":"Mounts & Stands","price":26.95}
{"id":3,"sku":"x","title":"no brand","category":"Mounts & Stands","price":"1"}
`

func mustLearn(tb testing.TB) *Vocabulary {
	tb.Helper()
	v, err := Learn(strings.NewReader(someProducts))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

var city = catalog.Store{City: "Pune", Latitude: 18.5, Longitude: 73.8}

func TestProductsAreValidAndTheSameEachTime(t *testing.T) {
	t.Parallel()
	v, o := mustLearn(t), Options{Products: 1000, Seed: 7}
	skus := map[string]bool{}
	for i := range o.Products {
		p := v.product(o, 100, i)
		if again := v.product(o, 100, i); !reflect.DeepEqual(p, again) {
			t.Fatalf("%+v\n%+v", p, again)
		}
		if p.ID != 101+i || p.Title == "" || p.SKU == "" || p.Category == "" || p.Price <= 0 || len(p.GTIN) != 13 {
			t.Fatalf("product %+v", p)
		}
		skus[p.SKU] = true
	}
	if len(skus) != 1000 {
		t.Errorf("%d different SKUs of 1,000", len(skus))
	}
	if v.product(o, 0, 1).Title == v.product(Options{Products: 1000, Seed: 8}, 0, 1).Title &&
		v.product(o, 0, 2).Title == v.product(Options{Products: 1000, Seed: 8}, 0, 2).Title {
		t.Error("another seed gives the same titles")
	}
}

func TestTitlesComeApart(t *testing.T) {
	t.Parallel()
	for title, want := range map[string][2]string{
		"Tripp Lite NC2003SR notebook stand Silver": {"NC2003SR", "notebook stand Silver"},
		"notebook stand": {"", "notebook stand"},
		"X1":             {"X1", ""},
		"":               {"", ""},
	} {
		model, kind := parts(catalog.Product{Title: title, Brand: "Tripp Lite"})
		if model != want[0] || strings.TrimSpace(kind) != want[1] {
			t.Errorf("%q: %q and %q, want %q", title, model, kind, want)
		}
	}
}

func TestGTINsHaveTheirCheckDigit(t *testing.T) {
	t.Parallel()
	// 2000000000015: 2+1×3=5, so the check digit is 5.
	if got := gtin(1); got != "2000000000015" {
		t.Errorf("gtin(1) = %s", got)
	}
}

func TestEachStoreCarriesExactlyWhatWasAsked(t *testing.T) {
	t.Parallel()
	s := &stock{Options: Options{Products: 500, Stores: 3, PerStore: 200, Seed: 1}, productBase: 10, storeBase: 5, progress: func() {}}
	perStore, soldOut := map[int64]map[int64]bool{}, 0
	for {
		row, refused, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || refused != nil {
			t.Fatal(refused, err)
		}
		if perStore[row.StoreID] == nil {
			perStore[row.StoreID] = map[int64]bool{}
		}
		perStore[row.StoreID][row.ProductID] = true
		if row.ProductID < 11 || row.ProductID > 510 || row.Quantity < 0 || row.Quantity > mostPieces {
			t.Fatalf("row %+v", row)
		}
		if row.Quantity == 0 {
			soldOut++
		}
	}
	if len(perStore) != 3 || len(perStore[6]) != 200 || len(perStore[7]) != 200 || len(perStore[8]) != 200 {
		t.Errorf("stores carry %d, %d, %d products", len(perStore[6]), len(perStore[7]), len(perStore[8]))
	}
	if soldOut < 10 || soldOut > 60 {
		t.Errorf("%d of 600 lines are sold out", soldOut)
	}
}

func TestStoresStandInTheirCities(t *testing.T) {
	t.Parallel()
	o := Options{Cities: []catalog.Store{city, {City: "Delhi", Latitude: 28.6, Longitude: 77.2}}}
	for i := range int64(10) {
		s := o.store(0, i)
		if at := o.Cities[i%2]; s.City != at.City || s.DistanceKM(at) > 35 || s.ID != i+1 {
			t.Errorf("store %+v, %.0f km from %s", s, s.DistanceKM(at), at.City)
		}
	}
}

func TestBadSizesAreNamedTogether(t *testing.T) {
	t.Parallel()
	err := Options{Products: -1, Stores: 2, PerStore: 5}.Check()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Invalid || len(f.Fields) != 3 {
		t.Errorf("the error is %v", err)
	}
	if err := (Options{Products: 5, Stores: 2, PerStore: 5, Cities: []catalog.Store{city}}).Check(); err != nil {
		t.Error(err)
	}
}

func TestNothingToLearnFromIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := Learn(strings.NewReader("\n{}\n")); !fault.Is(err, fault.Invalid) {
		t.Errorf("the error is %v", err)
	}
}
