package elasticsearch

import (
	"context"
	"errors"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

const (
	// compactTimeout is how long the merging of a new version is waited for. What is
	// not done by then goes on while it is searched.
	compactTimeout = 50 * time.Second
	// mostInSegment bounds the bytes that one segment is made of. Elasticsearch never
	// merges one of more than 5 GB with others again.
	mostInSegment = 4 << 30
)

// CompactIndex merges the products of a version into few segments: a build leaves
// dozens, each of which every search has to look in. Titles stay as they are: the
// completion suggester's automata take minutes to merge.
func (c *Client) CompactIndex(ctx context.Context, index string) error {
	bounded, cancel := context.WithTimeout(ctx, compactTimeout)
	defer cancel()
	var size struct {
		All struct {
			Primaries struct {
				Store struct {
					Bytes int64 `json:"size_in_bytes"`
				} `json:"store"`
			} `json:"primaries"`
		} `json:"_all"`
	}
	if err := c.call(bounded, "measure index "+index, esapi.IndicesStatsRequest{Index: []string{index}, Metric: []string{"store"}}, &size); err != nil {
		return err
	}
	segments := 1 + int(size.All.Primaries.Store.Bytes/int64(c.shards)/mostInSegment)
	err := c.call(bounded, "merge index "+index, esapi.IndicesForcemergeRequest{Index: []string{index}, MaxNumSegments: &segments}, nil)
	if errors.Is(bounded.Err(), context.DeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}
