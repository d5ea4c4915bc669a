package elasticsearch

import (
	"context"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
)

const (
	// replicaWait bounds the waiting for replicas before an index goes live: longer
	// than copying a large one takes. An index without them is better than none.
	replicaWait = 10 * time.Minute
	replicaPoll = 200 * time.Millisecond
)

// replicated waits until every shard has its replicas, or as many as there are
// other nodes: one that dies right after the index went live then takes nothing
// with it.
func (c *Client) replicated(ctx context.Context, indices ...string) error {
	if c.replicas == 0 {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, replicaWait)
	defer cancel()
	for {
		done, err := c.hasReplicas(bounded, indices)
		if done || (err != nil && !fault.Is(err, fault.Unavailable)) {
			return err
		}
		if lifecycle.Sleep(bounded, replicaPoll) != nil {
			return ctx.Err()
		}
	}
}

func (c *Client) hasReplicas(ctx context.Context, indices []string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, manageTimeout)
	defer cancel()
	var h struct {
		Status  string `json:"status"`
		Nodes   int    `json:"number_of_data_nodes"`
		Primary int    `json:"active_primary_shards"`
		Active  int    `json:"active_shards"`
	}
	if err := c.call(ctx, "look for the replicas", esapi.ClusterHealthRequest{Index: indices}, &h); err != nil {
		return false, err
	}
	return h.Status != "red" && h.Active >= h.Primary*(1+min(c.replicas, max(0, h.Nodes-1))), nil
}
