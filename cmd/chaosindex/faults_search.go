package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"aforro/cmd/internal/trial"
	"aforro/pkg/lifecycle"
)

// diskPatience bounds Elasticsearch's own noticing of its disk, which it looks
// at every diskEvery, no more often.
const (
	diskPatience = time.Minute
	diskEvery    = "10s"
)

// disturbElasticsearch resets connections for a while, then delays them.
func (g *ground) disturbElasticsearch(ctx context.Context, rng *rand.Rand) (string, error) {
	return g.disturb(ctx, rng, "indexer-elasticsearch")
}

func (g *ground) disturbPostgres(ctx context.Context, rng *rand.Rand) (string, error) {
	return g.disturb(ctx, rng, "indexer-postgres")
}

func (g *ground) disturb(ctx context.Context, rng *rand.Rand, link string) (string, error) {
	ms := int(between(rng, 50, 500))
	for _, t := range []trial.Toxic{
		// The first bytes of an answer end the connection: whatever it was, it was done.
		{Type: "reset_peer", Stream: "downstream", Attributes: map[string]int{"timeout": 0}},
		{Type: "latency", Stream: "upstream", Attributes: map[string]int{"latency": ms, "jitter": ms / 4}},
	} {
		hold := between(rng, time.Second, 3*time.Second)
		err := g.Links.Poison(ctx, link, t, func(ctx context.Context) error { return lifecycle.Sleep(ctx, hold) })
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("reset for a while, then slower by %d ms", ms), nil
}

func (g *ground) deleteIndices(ctx context.Context, _ *rand.Rand) (string, error) {
	names, err := g.indices(ctx)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		// Unless somebody else has removed it meanwhile.
		if err := request(ctx, "DELETE", g.Engine.URL()+"/"+name+"?ignore_unavailable=true", "", nil); err != nil {
			return "", err
		}
	}
	return "deleted " + strings.Join(names, ", "), nil
}

func (g *ground) deleteDocuments(ctx context.Context, _ *rand.Rand) (string, error) {
	var gone struct{ Deleted int }
	target := g.Engine.URL() + "/" + everyIndex + "/_delete_by_query?conflicts=proceed&refresh=true&ignore_unavailable=true"
	err := request(ctx, "POST", target, `{"query": {"match_all": {}}}`, &gone)
	for try := 0; err != nil && strings.Contains(err.Error(), "503") && try < 50; try++ { // an index that is being made
		if err := lifecycle.Sleep(ctx, 200*time.Millisecond); err != nil {
			return "", err
		}
		err = request(ctx, "POST", target, `{"query": {"match_all": {}}}`, &gone)
	}
	return fmt.Sprintf("deleted %d documents", gone.Deleted), err
}

// blockIndices blocks as the node does at its flood stage, and unblocks.
func (g *ground) blockIndices(ctx context.Context, rng *rand.Rand) (string, error) {
	if err := g.block(ctx, "true"); err != nil {
		return "", err
	}
	hold := between(rng, 3*time.Second, 6*time.Second)
	if err := lifecycle.Sleep(ctx, hold); err != nil {
		return "", err
	}
	return fmt.Sprintf("blocked for %.1f s", hold.Seconds()), g.block(ctx, "null")
}

func (g *ground) block(ctx context.Context, value string) error {
	return request(ctx, "PUT", g.Engine.URL()+"/"+everyIndex+"/_settings?expand_wildcards=all", `{"index.blocks.read_only_allow_delete": `+value+`}`, nil)
}

func (g *ground) blocked(ctx context.Context) (bool, error) {
	var found map[string]struct {
		Settings map[string]string
	}
	err := request(ctx, "GET", g.Engine.URL()+"/"+everyIndex+"/_settings/index.blocks.read_only_allow_delete?flat_settings=true", "", &found)
	for _, i := range found {
		if i.Settings["index.blocks.read_only_allow_delete"] == "true" {
			return true, err
		}
	}
	return false, err
}

// fillDisk sets the limits beyond what any disk has: the node finds its disk full
// and blocks every index by itself, and unblocks them when it has room again.
func (g *ground) fillDisk(ctx context.Context, _ *rand.Rand) (string, error) {
	begun := time.Now()
	if err := g.watermarks(ctx, `"900tb"`); err != nil {
		return "", err
	}
	full := trial.Until(ctx, diskPatience, 200*time.Millisecond, func(ctx context.Context) bool {
		is, err := g.blocked(ctx)
		return err == nil && is
	})
	at := time.Since(begun)
	if err := lifecycle.Sleep(ctx, 2*time.Second); err != nil {
		return "", err
	}
	if err := g.watermarks(ctx, "null"); err != nil {
		return "", err
	}
	empty := trial.Until(ctx, diskPatience, 200*time.Millisecond, func(ctx context.Context) bool {
		is, err := g.blocked(ctx)
		return err == nil && !is
	})
	if !full || !empty {
		return "", fmt.Errorf("the node did not notice its disk: blocked %t, unblocked %t", full, empty)
	}
	return fmt.Sprintf("the node blocked after %.1f s, unblocked after %.1f s", at.Seconds(), time.Since(begun).Seconds()), nil
}

func (g *ground) watermarks(ctx context.Context, value string) error {
	const all = `{"persistent": {"cluster.info.update.interval": "%[1]s", "cluster.routing.allocation.disk.watermark.low": %[2]s,
		"cluster.routing.allocation.disk.watermark.high": %[2]s, "cluster.routing.allocation.disk.watermark.flood_stage": %[2]s}}`
	return request(ctx, "PUT", g.Engine.URL()+"/_cluster/settings", fmt.Sprintf(all, diskEvery, value), nil)
}
