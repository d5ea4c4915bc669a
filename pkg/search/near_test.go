package search

import (
	"slices"
	"testing"

	"aforro/pkg/catalog"
)

func TestNearestFirst(t *testing.T) {
	t.Parallel()
	mumbai := Near{Latitude: 19.076, Longitude: 72.878, RadiusKM: 250}
	mumbai.Place([]catalog.Store{
		{ID: 1, City: "Delhi", Latitude: 28.614, Longitude: 77.209}, {ID: 2, City: "Surat", Latitude: 21.17, Longitude: 72.831},
		{ID: 4, City: "Pune", Latitude: 18.52, Longitude: 73.857}, {ID: 3, City: "Pune", Latitude: 18.52, Longitude: 73.857},
	})
	if got := mumbai.IDs(); !slices.Equal(got, []int64{3, 4, 2}) {
		t.Errorf("stores %v", got)
	}
	if got := mumbai.Nearest([]Stock{{1, 9}, {2, 5}, {3, 0}, {4, 7}}); got == nil || *got != (Nearest{StoreID: 4, City: "Pune", DistanceKM: 120.2, Quantity: 7}) {
		t.Errorf("%+v", got)
	}
	if mumbai.Nearest([]Stock{{1, 9}, {3, 0}}) != nil || mumbai.At(1, 5) != nil {
		t.Error("what is far is near")
	}
}

func TestMostNearStores(t *testing.T) {
	t.Parallel()
	many := make([]catalog.Store, MaxNearStores+1)
	for i := range many {
		many[i] = catalog.Store{ID: int64(len(many) - i)}
	}
	n := Near{RadiusKM: 1}
	if n.Place(many); len(n.Stores) != MaxNearStores || n.Stores[0].ID != 1 {
		t.Errorf("%d stores", len(n.Stores))
	}
}
