package seed

import (
	"fmt"
	"io"
	"math/rand/v2"

	"aforro/pkg/catalog"
	"aforro/pkg/importer"
)

const (
	soldOutInHundred = 5
	mostPieces       = 100
	// spread is how far a store stands from its city's centre at most, in degrees.
	spread = 0.2
)

// store makes store index, counted from 0; its id is base + index + 1.
func (o Options) store(base, index int64) catalog.Store {
	rng := o.random(streamStore, index)
	city := o.Cities[index%int64(len(o.Cities))]
	return catalog.Store{
		ID: base + index + 1, Name: fmt.Sprintf("%s %d", city.City, index/int64(len(o.Cities))+1), City: city.City,
		Latitude:  bound(city.Latitude+(rng.Float64()*2-1)*spread, 90),
		Longitude: bound(city.Longitude+(rng.Float64()*2-1)*spread, 180),
	}
}

func bound(deg, most float64) float64 { return max(-most, min(most, deg)) }

// stock deals out lines store by store, in ascending order of products, without
// remembering which it took: each product is taken with the probability of what
// is still wanted over what is still left (Knuth's algorithm S), which gives
// exactly PerStore of them.
type stock struct {
	Options
	productBase, storeBase int64
	store, product, wanted int64
	rng                    *rand.Rand
	line                   int64
	progress               func()
}

func (s *stock) next() (importer.StockRow, *importer.Refusal, error) {
	for ; s.store < s.Stores; s.store++ {
		if s.rng == nil {
			s.rng, s.product, s.wanted = s.random(streamStock, s.store), 0, s.PerStore
		}
		for s.wanted > 0 {
			take := s.rng.Int64N(s.Products-s.product) < s.wanted
			s.product++
			if take {
				s.wanted--
				return s.row(), nil, nil
			}
		}
		s.rng = nil
	}
	return importer.StockRow{}, nil, io.EOF
}

func (s *stock) row() importer.StockRow {
	s.line++
	s.progress()
	row := importer.StockRow{Line: s.line, StoreID: s.storeBase + s.store + 1, ProductID: s.productBase + s.product}
	if s.rng.IntN(100) >= soldOutInHundred {
		row.Quantity = 1 + s.rng.Int32N(mostPieces)
	}
	return row
}
