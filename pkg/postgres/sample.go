package postgres

import (
	"context"

	"aforro/pkg/postgres/db"
	"aforro/pkg/search"
)

// SaveSample adds to today's counts of queries, with at most about newADay that
// today has not seen (several processes may each add their last), and forgets
// what is days old or older.
func (d *DB) SaveSample(ctx context.Context, counts []search.QueryCount, newADay, days int) error {
	known, err := d.q.CountSampleToday(ctx)
	if err != nil {
		return translate(err, "count the sample of queries")
	}
	p := db.SaveSampleParams{Queries: []string{}, Searches: []int64{}, Room: int32(max(0, int64(newADay)-known)), Days: int32(days)}
	for _, c := range counts {
		p.Queries, p.Searches = append(p.Queries, c.Query), append(p.Searches, c.Searches)
	}
	return translate(d.q.SaveSample(ctx, p), "save the sample of queries")
}

// Sample lists the queries of the last days that were searched for most.
func (d *DB) Sample(ctx context.Context, days, limit int) ([]string, error) {
	list, err := d.q.ListSample(ctx, db.ListSampleParams{Days: int32(days), Most: int32(limit)})
	return list, translate(err, "read the sample of queries")
}
