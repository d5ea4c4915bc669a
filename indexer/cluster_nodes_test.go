//go:build integration && cluster

package indexer_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/pkg/stack"
	"aforro/pkg/testkit"
)

const clusterSize = 3

// cluster is three Elasticsearch nodes of the test's own, on this machine.
type cluster struct {
	tb    testing.TB
	nodes []*stack.Service
}

// startCluster starts the nodes side by side: none is ready before they have
// found each other.
func startCluster(tb testing.TB) *cluster {
	tb.Helper()
	dir := serviceDir(tb)
	c := &cluster{tb: tb, nodes: make([]*stack.Service, clusterSize)}
	tb.Cleanup(c.kill)
	settings := clusterSettings(tb)
	var all errgroup.Group
	for i := range c.nodes {
		all.Go(func() (err error) {
			port, err := stack.QuietPort(tb.Context())
			if err != nil {
				return err
			}
			c.nodes[i], err = stack.StartElasticsearch(tb.Context(), stack.ServiceOptions{
				Dir: filepath.Join(dir, fmt.Sprintf("node-%d", i)), Port: port, Heap: "320m", Out: tb.Output(), Settings: settings[i],
			})
			return err
		})
	}
	if err := all.Wait(); err != nil {
		tb.Fatal(err)
	}
	return c
}

// clusterSettings make one cluster of what would be three single nodes.
func clusterSettings(tb testing.TB) []map[string]string {
	tb.Helper()
	var names, seeds, ports []string
	for i := range clusterSize {
		port, err := stack.QuietPort(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		names, ports = append(names, fmt.Sprintf("node-%d", i)), append(ports, fmt.Sprint(port))
		seeds = append(seeds, fmt.Sprintf("127.0.0.1:%d", port))
	}
	name := testkit.Unique(tb)
	list := make([]map[string]string, clusterSize)
	for i := range list {
		list[i] = map[string]string{
			"cluster.name": name, "node.name": names[i], "transport.port": ports[i], "discovery.type": "multi-node",
			"discovery.seed_hosts": strings.Join(seeds, ","), "cluster.initial_master_nodes": strings.Join(names, ","), "node.processors": "2",
		}
	}
	return list
}

// kill ends what runs.
func (c *cluster) kill() {
	for _, n := range c.nodes {
		if n == nil {
			continue
		}
		if err := n.Kill(); err != nil {
			c.tb.Error(err)
		}
	}
}

// urls are the addresses of all nodes, as the setting has them.
func (c *cluster) urls() string {
	var list []string
	for _, n := range c.nodes {
		list = append(list, n.URL())
	}
	return strings.Join(list, ",")
}

// master is which node is elected, as node i says.
func (c *cluster) master(i int) string {
	c.tb.Helper()
	return strings.TrimSpace(string(testkit.ESRequest(c.tb, http.MethodGet, c.nodes[i].URL()+"/_cat/master?h=node", "")))
}

// whole reports whether all nodes are there and every shard with its replicas,
// as node i says.
func (c *cluster) whole(i int) bool {
	var h struct {
		Status     string `json:"status"`
		Nodes      int    `json:"number_of_nodes"`
		Relocating int    `json:"relocating_shards"`
	}
	answer := testkit.ESRequest(c.tb, http.MethodGet, c.nodes[i].URL()+"/_cluster/health", "")
	return json.Unmarshal(answer, &h) == nil && h.Status == "green" && h.Nodes == clusterSize && h.Relocating == 0
}

// healing bounds the start of a killed node and the copying of what it missed.
const healing = 2 * time.Minute
