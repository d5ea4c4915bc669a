package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"aforro/demo"
	"aforro/pkg/search"
)

func benchRelevance(ctx context.Context, g *ground) error {
	s, err := g.theShop(ctx)
	if err != nil {
		return err
	}
	judged, err := search.ReadJudgments(bytes.NewReader(demo.Judgments))
	if err != nil {
		return err
	}
	report, err := search.Evaluate(ctx, s.engine, judged)
	if err != nil {
		return err
	}
	if err := report.Print(os.Stdout); err != nil {
		return err
	}
	m := report.Mean
	bar("NDCG@10 on the judged queries", fmt.Sprintf("%.3f (cond %.3f, judged %.0f %%; ILIKE does .369)", m.NDCG, m.Cond, m.Share*100), ">= .78", m.NDCG >= 0.78)
	bar("queries without results", fmt.Sprint(len(report.Empty)), "0", len(report.Empty) == 0)
	return nil
}
