package indexer

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/search"
)

// Builder fills a new version of the index and does nothing else with it: for
// measuring a build by itself. Nobody writes changes to that version.
type Builder struct {
	o   Options
	out *sender
}

// Built is what a Builder made.
type Built struct {
	Index     string
	Documents int64
}

// NewBuilder takes the same options as an Indexer; Slot, Reader and Metrics are
// not used.
func NewBuilder(o Options) *Builder {
	o.Metrics = prometheus.NewRegistry()
	o = o.withDefaults()
	return &Builder{o: o, out: newSender(o, newMetrics(o.Metrics))}
}

// Run makes an index, fills it. It is the caller's to delete.
func (b *Builder) Run(ctx context.Context, progress func(done, total int64)) (Built, error) {
	history, err := b.o.Log.History(ctx)
	if err != nil {
		return Built{}, err
	}
	index, err := b.o.Versions.CreateIndex(ctx, search.IndexMeta{History: history})
	if err != nil {
		return Built{}, err
	}
	run := newBuild(b.o, b.out, index, progress)
	err = run.run(ctx)
	return Built{Index: index.Name, Documents: run.done}, err
}
