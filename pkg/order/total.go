package order

import (
	"math"

	"aforro/pkg/catalog"
)

// Total is the sum of the items at their unit prices. It reports false, with
// the largest amount there is, when that is beyond 64 bits of minor units.
func Total(items []Item) (catalog.Price, bool) {
	var sum catalog.Price
	for _, it := range items {
		line, ok := it.UnitPrice.Times(it.Quantity)
		if !ok || sum > math.MaxInt64-line {
			return math.MaxInt64, false
		}
		sum += line
	}
	return sum, true
}
