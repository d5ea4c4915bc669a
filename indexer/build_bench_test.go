//go:build integration

package indexer_test

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"aforro/demo"
	"aforro/indexer"
	"aforro/pkg/search"
)

// BenchmarkBuild builds the index of the demo catalogue and, in the same run,
// replays the same documents, ready as they are, through Bulk alone.
func BenchmarkBuild(b *testing.B) {
	s := newShop(b)
	if _, err := demo.Load(b.Context(), s.db, nil); err != nil {
		b.Fatal(err)
	}
	s.opts.BulkSize, s.opts.Senders = 500, 3
	s.opts.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	for b.Loop() {
		replay := s.replay(b)
		begun := time.Now()
		r, err := indexer.NewBuilder(s.opts).Run(b.Context(), func(int64, int64) {})
		if err != nil {
			b.Fatal(err)
		}
		build := float64(r.Documents) / time.Since(begun).Seconds()
		if err := s.engine.DeleteIndex(b.Context(), r.Index); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(build, "build-docs/s")
		b.ReportMetric(replay, "replay-docs/s")
		b.ReportMetric(100*build/replay, "%-of-replay")
	}
}

// replay gives the documents per second of Bulk with everything in memory.
func (s *shop) replay(b *testing.B) float64 {
	p, err := s.db.ProjectAfter(b.Context(), 0, 100_000)
	if err != nil {
		b.Fatal(err)
	}
	index, err := s.engine.CreateIndex(b.Context(), search.IndexMeta{})
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	var g errgroup.Group
	g.SetLimit(s.opts.Senders)
	for at := 0; at < len(p.Documents); at += s.opts.BulkSize {
		docs := p.Documents[at:min(at+s.opts.BulkSize, len(p.Documents))]
		g.Go(func() error {
			list := make([]search.Write, len(docs))
			for i := range docs {
				list[i] = search.Write{ID: docs[i].ID, Version: p.Version, Document: &docs[i]}
			}
			_, err := s.engine.Bulk(b.Context(), index.Name, list)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	rate := float64(len(p.Documents)) / time.Since(begun).Seconds()
	if err := s.engine.DeleteIndex(b.Context(), index.Name); err != nil {
		b.Fatal(err)
	}
	return rate
}
