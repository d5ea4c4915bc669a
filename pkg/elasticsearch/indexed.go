package elasticsearch

import (
	"context"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/catalog"
	"aforro/pkg/search"
)

// Indexed gives what the index says of products where the database cannot be
// asked: price, and what the store has, or without one whether any has some.
// Products that the index does not hold are left out.
func (c *Client) Indexed(ctx context.Context, ids []int64, storeID int64) (map[int64]search.Live, error) {
	var answer struct {
		Hits struct {
			Hits []struct {
				ID     int64 `json:"_id,string"`
				Source struct {
					Cents   int64          `json:"price"`
					Stores  []int64        `json:"stores"`
					InStock []int64        `json:"stores_in_stock"`
					Stock   []search.Stock `json:"stock"`
				} `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	request := m{"query": m{"terms": m{"id": ids}}, "size": len(ids), "_source": []string{"price", "stores", "stores_in_stock", "stock"}, "track_total_hits": false}
	onLive := esapi.SearchRequest{Index: c.live(), FilterPath: []string{"hits.hits._id", "hits.hits._source"}}
	if err := c.ask(ctx, "read prices and stock", onLive, request, &answer); err != nil {
		return nil, notBuilt(err)
	}
	known := make(map[int64]search.Live, len(ids))
	for _, h := range answer.Hits.Hits {
		s := h.Source
		live := search.Live{Price: catalog.Price(s.Cents), Carried: slices.Contains(s.Stores, storeID), InStock: len(s.InStock) > 0}
		if storeID != 0 {
			live.Quantity = *quantity(storeID, s.Stock)
		}
		known[h.ID] = live
	}
	return known, nil
}
