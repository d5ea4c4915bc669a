package catalog

import "math"

// Store is a place that keeps stock and sells.
type Store struct {
	ID        int64
	Name      string
	City      string
	Latitude  float64 // degrees, WGS 84
	Longitude float64 // degrees, WGS 84
}

// earthRadiusKM is the mean radius of the Earth (IUGG).
const earthRadiusKM = 6371.0088

// DistanceKM is the great-circle distance between two stores in kilometres
// (haversine).
func (s Store) DistanceKM(t Store) float64 {
	rad := func(deg float64) float64 { return deg * math.Pi / 180 }
	dLat, dLon := rad(t.Latitude-s.Latitude), rad(t.Longitude-s.Longitude)
	h := math.Pow(math.Sin(dLat/2), 2) +
		math.Cos(rad(s.Latitude))*math.Cos(rad(t.Latitude))*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earthRadiusKM * math.Asin(math.Sqrt(math.Min(1, h)))
}
