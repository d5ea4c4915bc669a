package main

import "math/rand/v2"

// hotness is the exponent of the hot store's demand: with 1.3 nearly half of all
// orders hold the first of 3,000 products.
const hotness = 1.3

// drawn says which store and which two products an order is for.
type drawn struct{ store, first, second int64 }

// draw draws orders; pgbench draws them in the same manner (orders_reference.go).
type draw func() drawn

// uniformDraw takes any store and any two products of it.
func uniformDraw(seed, stream uint64) draw {
	rng := rand.New(rand.NewPCG(seed, stream))
	return func() drawn {
		first := 1 + rng.Int64N(marketProducts)
		second := 1 + (first+rng.Int64N(marketProducts-1))%marketProducts
		return drawn{1 + rng.Int64N(marketStores), first, second}
	}
}

// hotDraw takes the first store and products by Zipf's law.
func hotDraw(seed, stream uint64) draw {
	zipf := rand.NewZipf(rand.New(rand.NewPCG(seed, stream)), hotness, 1, marketProducts-1)
	return func() drawn {
		d := drawn{1, 1 + int64(zipf.Uint64()), 1 + int64(zipf.Uint64())}
		if d.second == d.first {
			d.second = 1 + d.first%marketProducts
		}
		return d
	}
}
