package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"aforro/cmd/internal/trial"
)

// The catalogue: small, and skewed. The first of each store's goods are what
// everybody wants; there are few of them, and a delivery now and then.
const (
	catalogueSize = 2000
	storeCount    = 4
	perStore      = 1000
	hotGoods      = 20
	hotPieces     = 40
	delivered     = 20
)

// asyncInHundred orders do not wait for their decision: what they are told is
// PENDING, and no less to be relied on.
const asyncInHundred = 20

// goods are the products of each store, the most wanted first.
type goods struct {
	stores   []int64
	products map[int64][]int64
}

// rankSQL ranks what a store carries, without regard to anything of it.
const rankSQL = `SELECT store_id, product_id, row_number() OVER (PARTITION BY store_id ORDER BY md5(store_id || ':' || product_id), product_id) AS rank FROM inventory`

// stock makes the catalogue: few of what is hot, plenty of the rest, and one in
// twenty sold out.
func (g *ground) stock(ctx context.Context) (goods, error) {
	_, err := g.Aforro(ctx, "seed", "--products", fmt.Sprint(catalogueSize), "--stores", fmt.Sprint(storeCount), "--per-store", fmt.Sprint(perStore))
	if err != nil {
		return goods{}, err
	}
	_, err = g.PSQL(ctx, fmt.Sprintf(`UPDATE inventory i SET quantity = CASE WHEN r.rank <= %d THEN %d WHEN i.quantity = 0 THEN 0 ELSE 1000000 END
		FROM (%s) r WHERE r.store_id = i.store_id AND r.product_id = i.product_id`, hotGoods, hotPieces, rankSQL))
	if err != nil {
		return goods{}, err
	}
	found := goods{products: map[int64][]int64{}}
	type ware struct{ Store, Product int64 }
	err = trial.Rows(ctx, g.Ground, `SELECT json_build_object('Store', store_id, 'Product', product_id) FROM (`+rankSQL+`) r ORDER BY store_id, rank`, func(w ware) {
		if len(found.products[w.Store]) == 0 {
			found.stores = append(found.stores, w.Store)
		}
		found.products[w.Store] = append(found.products[w.Store], w.Product)
	})
	return found, err
}

// deliver brings more of what is hot, one product of one store, by plain SQL.
func (g *ground) deliver(ctx context.Context, all goods, rng *rand.Rand) error {
	store := all.stores[rng.IntN(len(all.stores))]
	_, err := g.PSQL(ctx, fmt.Sprintf(`SET lock_timeout = '2s'; SET aforro.reason = 'delivery';
		UPDATE inventory SET quantity = quantity + %d WHERE store_id = %d AND product_id = %d`,
		delivered, store, all.products[store][rng.IntN(hotGoods)]))
	return err
}

// shopper draws orders.
type shopper struct {
	rng             *rand.Rand
	goods           goods
	whichStore, one *rand.Zipf
}

func newShopper(all goods, rng *rand.Rand) *shopper {
	return &shopper{rng: rng, goods: all,
		whichStore: rand.NewZipf(rng, 1.5, 1, uint64(len(all.stores)-1)),
		one:        rand.NewZipf(rng, 1.2, 4, perStore-1)}
}

// draw is one order of one to three lines; a product may come twice.
func (s *shopper) draw(key string) *entry {
	e := &entry{key: key, store: s.goods.stores[s.whichStore.Uint64()], async: s.rng.IntN(100) < asyncInHundred}
	for range 1 + s.rng.IntN(3) {
		e.lines = append(e.lines, line{s.goods.products[e.store][s.one.Uint64()], 1 + s.rng.Int64N(2)})
	}
	return e
}
