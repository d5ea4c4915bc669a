package elasticsearch

import (
	"strconv"

	"aforro/pkg/search"
)

// nearQuery keeps what is in stock in a near store.
func nearQuery(n *search.Near) m {
	if len(n.Stores) == 0 {
		return m{"match_none": m{}}
	}
	return m{"terms": m{"stores_in_stock": n.IDs()}}
}

// distanceScript gives how far away the nearest store with stock is; far when no
// near one has any.
const distanceScript = `double least = params.far;
for (String id : doc['stores_in_stock']) {
  def km = params.km.get(id);
  if (km != null && ((Number) km).doubleValue() < least) { least = ((Number) km).doubleValue(); }
}
return least;`

// byDistance sorts by how far away the nearest store with stock is. Distances are
// parameters, so that one script serves all searches.
func byDistance(n *search.Near, direction string) m {
	km := m{}
	for _, s := range n.Stores {
		km[strconv.FormatInt(s.ID, 10)] = s.DistanceKM
	}
	script := m{"lang": "painless", "source": distanceScript, "params": m{"km": km, "far": 2 * search.MaxRadiusKM}}
	return m{"_script": m{"type": "number", "order": direction, "script": script}}
}
