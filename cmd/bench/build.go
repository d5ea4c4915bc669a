package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"aforro/indexer"
	"aforro/pkg/search"
)

const (
	buildRounds  = 3
	buildSize    = 500
	buildSenders = 3
)

// benchBuild builds the demo's index from PostgreSQL. The reference replays the
// same actions, prepared in memory, through _bulk into a new index made the same
// way, with as many senders of as many products.
func benchBuild(ctx context.Context, g *ground) error {
	s, err := g.theShop(ctx)
	if err != nil {
		return err
	}
	bodies, err := prepared(ctx, s)
	if err != nil {
		return err
	}
	var r ratios
	for round := range buildRounds {
		var ours, alone float64
		measure := []func() error{
			func() (err error) { ours, err = buildRate(ctx, s); return err },
			func() (err error) { alone, err = replayRate(ctx, g, s, bodies); return err },
		}
		// Whoever comes second finds a warmer machine, so they take turns.
		for i := range measure {
			if err := measure[(i+round)%2](); err != nil {
				return err
			}
		}
		r.add(ours, alone)
	}
	bar("full index build, documents/s", r.String()+" (_bulk alone)", ">= 70 %", r.median() >= 0.7)
	return nil
}

func options(s *shop) indexer.Options {
	return indexer.Options{
		Source: s.db, Log: s.db, Slot: s.db.Slot("shop"), Writer: s.engine, Versions: s.engine, Reader: s.engine, Quarantine: s.db,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), BulkSize: buildSize, Senders: buildSenders,
	}
}

func buildRate(ctx context.Context, s *shop) (float64, error) {
	begun := time.Now()
	built, err := indexer.NewBuilder(options(s)).Run(ctx, func(int64, int64) {})
	took := time.Since(begun)
	if err != nil {
		return 0, err
	}
	return float64(built.Documents) / took.Seconds(), s.engine.DeleteIndex(ctx, built.Index)
}

// toTitles stands for the index of the titles, whose name is not known yet.
const toTitles = `"_index":"titles",`

// prepared renders every product into bodies of _bulk, as the adapter does.
func prepared(ctx context.Context, s *shop) ([][]byte, error) {
	p, err := s.db.ProjectAfter(ctx, 0, 1_000_000)
	if err != nil {
		return nil, err
	}
	var bodies [][]byte
	var body bytes.Buffer
	for i := range p.Documents {
		doc := &p.Documents[i]
		for _, part := range search.Parts {
			text, err := s.engine.Render(doc, part)
			if err != nil {
				return nil, err
			}
			to := ""
			if part == search.Titles {
				to = toTitles
			}
			fmt.Fprintf(&body, `{"index":{%s"_id":"%d","version_type":"external_gte","version":%d}}`+"\n%s\n", to, doc.ID, p.Version, text)
		}
		if (i+1)%buildSize == 0 || i+1 == len(p.Documents) {
			bodies = append(bodies, bytes.Clone(body.Bytes()))
			body.Reset()
		}
	}
	return bodies, nil
}

func replayRate(ctx context.Context, g *ground, s *shop, bodies [][]byte) (float64, error) {
	index, err := s.engine.CreateIndex(ctx, search.IndexMeta{})
	if err != nil {
		return 0, err
	}
	titles := strings.Replace(index.Name, string(search.Products), string(search.Titles), 1)
	var jobs [][]request
	for _, b := range bodies {
		body := strings.ReplaceAll(string(b), toTitles, `"_index":"`+titles+`",`)
		jobs = append(jobs, []request{{http.MethodPost, g.services.ElasticsearchURL + "/" + index.Name + "/_bulk", body,
			map[string]string{"Content-Type": "application/x-ndjson"}}})
	}
	begun := time.Now()
	out := load(ctx, buildSenders, jobs, 10*time.Minute)
	took := time.Since(begun)
	if out.failed > 0 {
		return 0, fmt.Errorf("replay: %s", out.firstFail)
	}
	docs, err := indexed(ctx, s, index.Name)
	if err != nil {
		return 0, err
	}
	return float64(docs) / took.Seconds(), s.engine.DeleteIndex(ctx, index.Name)
}

// indexed counts what both parts of an index hold and insists that it is all.
func indexed(ctx context.Context, s *shop, index string) (int64, error) {
	docs, err := s.db.CountActive(ctx)
	if err != nil {
		return 0, err
	}
	if err := s.engine.Refresh(ctx, index); err != nil {
		return 0, err
	}
	versions, err := s.engine.Indices(ctx)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(versions, func(v search.IndexVersion) bool { return v.Name == index })
	if i < 0 || versions[i].Docs != docs {
		return 0, fmt.Errorf("replay: %s does not hold all of %d products", index, docs)
	}
	return docs, nil
}
