package postgres

import (
	"context"
	"strings"

	"aforro/pkg/postgres/db"
	"aforro/pkg/search"
)

// longestReason bounds what is kept of an engine's reason, in bytes: it may
// quote the document.
const longestReason = 1000

// PutInQuarantine keeps what the index refused, or counts that it did so again.
func (d *DB) PutInQuarantine(ctx context.Context, index string, refused []search.Refusal) error {
	p := db.PutInQuarantineParams{IndexName: index}
	for _, r := range refused {
		reason := strings.ToValidUTF8(r.Reason[:min(len(r.Reason), longestReason)], "")
		p.ProductIds, p.Reasons = append(p.ProductIds, r.Product), append(p.Reasons, strings.ReplaceAll(reason, "\x00", ""))
	}
	return translate(d.q.PutInQuarantine(ctx, p), "put documents in quarantine")
}

// ReleaseFromQuarantine lets documents go that the index has taken.
func (d *DB) ReleaseFromQuarantine(ctx context.Context, index string, ids []int64) error {
	err := d.q.ReleaseFromQuarantine(ctx, db.ReleaseFromQuarantineParams{IndexName: index, ProductIds: ids})
	return translate(err, "release documents from quarantine")
}

// ForgetQuarantine drops what was refused by other indices than these.
func (d *DB) ForgetQuarantine(ctx context.Context, indices []string) error {
	return translate(d.q.ForgetQuarantine(ctx, indices), "clear the quarantine")
}

// Quarantined lists the first of what is in quarantine, by index and product,
// and counts all.
func (d *DB) Quarantined(ctx context.Context, most int) (list []search.Quarantined, total int64, err error) {
	rows, err := d.q.ListQuarantine(ctx, int32(most))
	if err != nil {
		return nil, 0, translate(err, "list the quarantine")
	}
	list = make([]search.Quarantined, len(rows))
	for i, r := range rows {
		list[i] = search.Quarantined{
			Index: r.IndexName, Refusal: search.Refusal{Product: r.ProductID, Reason: r.Reason},
			Refusals: r.Refusals, First: r.FirstAt, Last: r.LastAt,
		}
	}
	if total = int64(len(rows)); len(rows) == most {
		total, err = d.q.CountQuarantine(ctx)
	}
	return list, total, translate(err, "count the quarantine")
}
