package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/postgres/db"
	"aforro/pkg/search"
)

// What a message with our prefix in the stream may say.
const (
	saysTargets   = "targets"
	saysHeartbeat = "heartbeat"
	saysProducts  = "products:"
)

// askedAtOnce is how many products one message names: some ten kilobytes.
const askedAtOnce = 1000

// AskFor tells the follower of the stream, in the stream, to write these
// products anew, whether they changed or not. Once the slot's confirmed position
// is at or beyond the one returned, that is done, and so is whatever was visible
// before the call. No ids: only the latter.
func (d *DB) AskFor(ctx context.Context, ids []int64) (search.Version, error) {
	err := d.inTx(ctx, func(tx pgx.Tx, q *db.Queries) error {
		// The position asked for below must lie behind this commit.
		if _, err := tx.Exec(ctx, "SET LOCAL synchronous_commit = on"); err != nil {
			return err
		}
		for chunk := range slices.Chunk(ids, askedAtOnce) {
			if err := q.AskForProducts(ctx, saysProducts+commaSeparated(chunk)); err != nil {
				return err
			}
		}
		if len(ids) == 0 {
			return q.AskForProducts(ctx, saysProducts)
		}
		return nil
	})
	if err != nil {
		return 0, translate(err, "ask the indexer for products")
	}
	return d.Position(ctx)
}

func commaSeparated(ids []int64) string {
	text := make([]byte, 0, 8*len(ids))
	for i, id := range ids {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, id, 10)
	}
	return string(text)
}

// told turns a message of ours into events. One that it does not understand is
// of a newer program, or of somebody who plays: nothing is known to have changed.
func (d *decoder) told(content string) {
	switch content {
	case saysTargets:
		d.emit(search.Event{Kind: search.TargetsChanged})
		return
	case saysHeartbeat:
		d.emit(search.Event{Kind: search.Heartbeat})
		return
	}
	list, ok := strings.CutPrefix(content, saysProducts)
	if !ok {
		return
	}
	for text := range strings.SplitSeq(list, ",") {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			d.emit(search.Event{Kind: search.ProductChanged, ID: id, Change: search.Anything})
		}
	}
}
