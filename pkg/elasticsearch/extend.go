package elasticsearch

import (
	"context"
	"io"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/search"
)

// unknownField keeps what a document holds of a field, and nothing finds it.
var unknownField = m{"type": "object", "enabled": false}

// ExtendIndex lets a version of an older program take documents of this one: the
// fields that it lacks are kept, and match nothing until the index is built anew.
func (c *Client) ExtendIndex(ctx context.Context, index string) error {
	for _, part := range search.Parts {
		name := c.index(index, part)
		var held map[string]struct {
			Mappings struct {
				Properties m `json:"properties"`
			} `json:"mappings"`
		}
		if err := c.call(ctx, "read the fields of index "+name, esapi.IndicesGetMappingRequest{Index: []string{name}}, &held); err != nil {
			return err
		}
		missing := m{}
		for field := range c.mappings(part, search.IndexMeta{})["properties"].(m) {
			if _, ok := held[name].Mappings.Properties[field]; !ok {
				missing[field] = unknownField
			}
		}
		if len(missing) == 0 {
			continue
		}
		err := c.manage(ctx, "add fields to index "+name, m{"properties": missing}, func(body io.Reader) esapi.Request {
			return esapi.IndicesPutMappingRequest{Index: []string{name}, Body: body}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
