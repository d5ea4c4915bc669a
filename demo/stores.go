package demo

import "aforro/pkg/catalog"

// Stores are the demo's twenty stores, one in each of twenty cities of India.
// The coordinates are those of the city centres, common geographic knowledge,
// good to about a kilometre.
func Stores() []catalog.Store {
	stores := []catalog.Store{
		{City: "Mumbai", Latitude: 19.0760, Longitude: 72.8777},
		{City: "Delhi", Latitude: 28.6139, Longitude: 77.2090},
		{City: "Bengaluru", Latitude: 12.9716, Longitude: 77.5946},
		{City: "Hyderabad", Latitude: 17.3850, Longitude: 78.4867},
		{City: "Ahmedabad", Latitude: 23.0225, Longitude: 72.5714},
		{City: "Chennai", Latitude: 13.0827, Longitude: 80.2707},
		{City: "Pune", Latitude: 18.5204, Longitude: 73.8567},
		{City: "Kolkata", Latitude: 22.5726, Longitude: 88.3639},
		{City: "Jaipur", Latitude: 26.9124, Longitude: 75.7873},
		{City: "Surat", Latitude: 21.1702, Longitude: 72.8311},
		{City: "Lucknow", Latitude: 26.8467, Longitude: 80.9462},
		{City: "Kanpur", Latitude: 26.4499, Longitude: 80.3319},
		{City: "Nagpur", Latitude: 21.1458, Longitude: 79.0882},
		{City: "Indore", Latitude: 22.7196, Longitude: 75.8577},
		{City: "Bhopal", Latitude: 23.2599, Longitude: 77.4126},
		{City: "Visakhapatnam", Latitude: 17.6868, Longitude: 83.2185},
		{City: "Patna", Latitude: 25.5941, Longitude: 85.1376},
		{City: "Vadodara", Latitude: 22.3072, Longitude: 73.1812},
		{City: "Kochi", Latitude: 9.9312, Longitude: 76.2673},
		{City: "Coimbatore", Latitude: 11.0168, Longitude: 76.9558},
	}
	for i := range stores {
		stores[i].ID = int64(i + 1)
		stores[i].Name = "Aforro " + stores[i].City
	}
	return stores
}
