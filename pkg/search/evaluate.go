package search

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// ReadJudgments reads a CSV of query, product_id and rating with a header. The
// queries are in alphabetical order.
func ReadJudgments(r io.Reader) ([]Judged, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the judgments: %w", err)
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != "query,product_id,rating" {
		return nil, errors.New("read the judgments: the header must be query,product_id,rating")
	}
	byQuery := map[string]map[int64]int{}
	for i, row := range rows[1:] {
		id, idErr := strconv.ParseInt(row[1], 10, 64)
		rating, ratingErr := strconv.Atoi(row[2])
		if err := errors.Join(idErr, ratingErr); err != nil {
			return nil, fmt.Errorf("read the judgments: line %d: %w", i+2, err)
		}
		if byQuery[row[0]] == nil {
			byQuery[row[0]] = map[int64]int{}
		}
		byQuery[row[0]][id] = rating
	}
	var list []Judged
	for query, ratings := range byQuery {
		list = append(list, Judged{query, ratings})
	}
	slices.SortFunc(list, func(a, b Judged) int { return strings.Compare(a.Query, b.Query) })
	return list, nil
}

// Searcher answers searches.
type Searcher interface {
	Search(ctx context.Context, p Params) (Page, error)
}

// QueryReport is how one judged query did.
type QueryReport struct {
	Query   string
	Count   int64
	Results []int64
	Measures
}

// Report is how a ranking did. Mean is over the queries that have a relevant
// product; Empty lists those of all queries that were asked that found nothing.
type Report struct {
	Queries []QueryReport
	Asked   int
	Counted int
	Mean    Measures
	Empty   []string
}

// Evaluate runs every judged query and measures what comes back.
func Evaluate(ctx context.Context, engine Searcher, judged []Judged) (Report, error) {
	r := Report{Asked: len(judged)}
	for _, j := range judged {
		page, err := engine.Search(ctx, Params{Query: j.Query, Sort: ByRelevance, Page: 1, PageSize: depthRecall})
		if err != nil {
			return r, fmt.Errorf("search for %q: %w", j.Query, err)
		}
		q := QueryReport{Query: j.Query, Count: page.Count}
		for _, h := range page.Hits {
			q.Results = append(q.Results, h.ID)
		}
		q.Measures = j.Measure(q.Results)
		if page.Count == 0 {
			r.Empty = append(r.Empty, j.Query)
		}
		if j.Relevant() > 0 {
			r.Queries = append(r.Queries, q)
			r.Mean.add(q.Measures)
		}
	}
	r.Counted = len(r.Queries)
	r.Mean.divide(float64(max(1, r.Counted)))
	return r, nil
}

func (m *Measures) add(o Measures) {
	m.NDCG += o.NDCG
	m.Cond += o.Cond
	m.Share += o.Share
	m.MRR += o.MRR
	m.Recall += o.Recall
}

func (m *Measures) divide(n float64) {
	m.NDCG, m.Cond, m.Share, m.MRR, m.Recall = m.NDCG/n, m.Cond/n, m.Share/n, m.MRR/n, m.Recall/n
}

// Print writes the report as a table, the worst query first.
func (r Report) Print(w io.Writer) error {
	sorted := slices.Clone(r.Queries)
	slices.SortStableFunc(sorted, func(a, b QueryReport) int {
		switch {
		case a.NDCG < b.NDCG:
			return -1
		case a.NDCG > b.NDCG:
			return 1
		}
		return 0
	})
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	row := func(query, count string, m Measures) string {
		return fmt.Sprintf("%s\t%s\t%.3f\t%.3f\t%.0f %%\t%.3f\t%.3f\t\n", query, count, m.NDCG, m.Cond, m.Share*100, m.MRR, m.Recall)
	}
	text := "query\tfound\tNDCG@10\tcond\tjudged\tMRR\trecall@50\t\n"
	for _, q := range sorted {
		text += row(q.Query, strconv.FormatInt(q.Count, 10), q.Measures)
	}
	text += row(fmt.Sprintf("mean of %d", r.Counted), "", r.Mean)
	if _, err := io.WriteString(table, text); err != nil {
		return err
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "queries without results: %d %q\n", len(r.Empty), r.Empty)
	return err
}
