package search

import (
	"testing"

	"aforro/pkg/catalog"
)

func TestAHitIsShownAsItIsNow(t *testing.T) {
	t.Parallel()
	price := func(p catalog.Price) *catalog.Price { return &p }
	near := &Near{Stores: []NearStore{{ID: 7}}}
	for name, c := range map[string]struct {
		live  Live
		p     Params
		shown bool
	}{
		"any":                          {Live{}, Params{}, true},
		"carried, none left":           {Live{Carried: true}, Params{StoreID: 2}, true},
		"carried, none left, in stock": {Live{Carried: true, InStock: true}, Params{StoreID: 2, InStock: true}, false},
		"carried, one left, in stock":  {Live{Carried: true, Quantity: 1}, Params{StoreID: 2, InStock: true}, true},
		"not carried any more":         {Live{InStock: true}, Params{StoreID: 2}, false},
		"nowhere in stock":             {Live{}, Params{InStock: true}, false},
		"somewhere in stock":           {Live{InStock: true}, Params{InStock: true}, true},
		"too cheap":                    {Live{Price: 99}, Params{MinPrice: price(100)}, false},
		"just dear enough":             {Live{Price: 100}, Params{MinPrice: price(100), MaxPrice: price(100)}, true},
		"too dear":                     {Live{Price: 101}, Params{MaxPrice: price(100)}, false},
		"near, sold out":               {Live{InStock: true}, Params{Near: near}, false},
		"near, one left":               {Live{NearStore: 7, Quantity: 1}, Params{Near: near}, true},
	} {
		h := Hit{Price: 1}
		if got := c.live.Show(&h, c.p); got != c.shown {
			t.Errorf("%s: shown %t", name, got)
		}
		if h.Price != c.live.Price || (h.Quantity != nil) != (c.p.StoreID != 0) || (h.Quantity != nil && *h.Quantity != c.live.Quantity) {
			t.Errorf("%s: %+v", name, h)
		}
	}
}
