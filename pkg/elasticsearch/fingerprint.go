package elasticsearch

import (
	"fmt"
	"hash/fnv"
	"strconv"

	"aforro/pkg/catalog"
	"aforro/pkg/search"
)

// fingerprint is the same for searches that give the same list, whatever the
// size of a page.
func (c *Client) fingerprint(p search.Params) string {
	var text []byte
	for _, part := range []any{p.Query, p.Choice(), bound(p.MinPrice), bound(p.MaxPrice), p.StoreID, p.InStock, p.Sort, p.Collapse, c.ranking.ID()} {
		text = fmt.Appendf(text, "%v\x00", part)
	}
	h := fnv.New64a()
	h.Write(text)
	return strconv.FormatUint(h.Sum64(), 36)
}

// bound is a price that limits, -1 for none.
func bound(p *catalog.Price) int64 {
	if p == nil {
		return -1
	}
	return int64(*p)
}
