package api

import (
	"context"
	"math"
	"strconv"
	"strings"

	"aforro/pkg/search"
)

// nearestView is the nearest store with stock.
type nearestView struct {
	StoreID    int64   `json:"store_id" example:"7"`
	City       string  `json:"city" example:"Pune"`
	DistanceKM float64 `json:"distance_km" example:"12.4"`
	Quantity   int64   `json:"quantity" doc:"What that store can sell now."`
}

// near reads a place and a radius. The place is taken to a thousandth of a degree,
// about a hundred metres: neighbours share an answer, and nothing finer is kept.
func (r *reader) near(place, radius string) *search.Near {
	if place == "" {
		if radius != "" {
			r.refuse("radius_km", radius, "wants near as well")
		}
		return nil
	}
	n := &search.Near{RadiusKM: search.DefaultRadiusKM}
	latitude, longitude, _ := strings.Cut(place, ",")
	var ok bool
	if n.Latitude, ok = degrees(latitude, 90); ok {
		n.Longitude, ok = degrees(longitude, 180)
	}
	if !ok {
		r.refuse("near", place, "must be a latitude and a longitude in degrees, such as 19.076,72.878")
		return nil
	}
	if radius != "" {
		km, err := strconv.ParseFloat(radius, 64)
		if err != nil || !(km > 0 && km <= search.MaxRadiusKM) {
			r.refuse("radius_km", radius, "must be a number of kilometres over 0, at most "+strconv.Itoa(search.MaxRadiusKM))
			return nil
		}
		n.RadiusKM = km
	}
	return n
}

func degrees(raw string, most float64) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(raw), 64)
	return math.Round(n*1000) / 1000, err == nil && math.Abs(n) <= most
}

// nearby checks what goes together with a place.
func (r *reader) nearby(p search.Params) {
	if p.Near == nil && p.Sort == search.ByDistance {
		r.refuse("sort", string(p.Sort), "by distance wants near as well")
	}
	if p.Near != nil && p.StoreID != 0 {
		r.refuse("near", "", "cannot go together with store_id: that is one store, near are several")
	}
}

// place finds the stores that are near.
func (s *Server) place(ctx context.Context, n *search.Near) error {
	if n == nil {
		return nil
	}
	list, err := s.stores.list(ctx)
	if err == nil {
		n.Place(list)
	}
	return err
}
