package demo

import (
	"math/rand/v2"

	"aforro/pkg/importer"
)

// How stock is dealt out. The seed is fixed: every demo is the same.
const (
	stockSeed     = 24
	fewestStores  = 4
	mostStores    = 8
	soldOutInHund = 5
	mostPieces    = 100
	storeCount    = 20
)

// StockOf gives the stock lines of one product: 4 to 8 of the stores carry it,
// 5 % of all lines are sold out, the others have 1 to 100 pieces. It depends on
// nothing but the product's id. Lines come in the order of the stores.
func StockOf(productID int64) []importer.StockRow {
	rng := rand.New(rand.NewPCG(stockSeed, uint64(productID)))
	carried := [storeCount]bool{}
	for _, i := range rng.Perm(storeCount)[:fewestStores+rng.IntN(mostStores-fewestStores+1)] {
		carried[i] = true
	}
	lines := make([]importer.StockRow, 0, mostStores)
	for i := range storeCount {
		if !carried[i] {
			continue
		}
		line := importer.StockRow{StoreID: int64(i + 1), ProductID: productID}
		if rng.IntN(100) >= soldOutInHund {
			line.Quantity = 1 + rng.Int32N(mostPieces)
		}
		lines = append(lines, line)
	}
	return lines
}
