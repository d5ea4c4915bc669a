package seed

import (
	"fmt"
	"math/rand/v2"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
)

// Options say how large the shop is.
type Options struct {
	// Products and Stores are how many there are to be.
	Products int64
	Stores   int64
	// PerStore is how many different products each store carries.
	PerStore int64
	Seed     uint64
	// Cities are where stores stand, in turn, up to some 20 km from the centre.
	Cities []catalog.Store
	// Append adds to a catalogue that is not empty, above its ids. Repeating it
	// adds once more.
	Append bool
}

// maxCount bounds each number: beyond it a typing error is likelier.
const maxCount = 1_000_000_000

// Check reports every bad option at once.
func (o Options) Check() error {
	bad := fault.New(fault.Invalid, "the size of the seed is not valid")
	for _, n := range []struct {
		flag        string
		value, most int64
	}{
		{"products", o.Products, maxCount}, {"stores", o.Stores, 1_000_000}, {"per-store", o.PerStore, o.Products},
	} {
		if n.value < 0 || n.value > n.most {
			bad = bad.With(fault.Field{Location: n.flag, Message: fmt.Sprintf("must be from 0 to %d", n.most), Value: n.value})
		}
	}
	if o.Stores > 0 && len(o.Cities) == 0 {
		bad = bad.With(fault.Field{Location: "cities", Message: "stores need at least one city"})
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// What is drawn is kept apart, so that one number more of a kind does not change
// the others.
const (
	streamProduct = iota + 1
	streamStore
	streamStock
)

func (o Options) random(stream, index int64) *rand.Rand {
	return rand.New(rand.NewPCG(o.Seed, uint64(stream)<<56|uint64(index)))
}

// name says which seed this is: the same name makes the same shop.
func (o Options) name() string {
	return fmt.Sprintf("seed %d products %d stores %d per store, seed %d", o.Products, o.Stores, o.PerStore, o.Seed)
}
