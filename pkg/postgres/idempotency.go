package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/fault"
	"aforro/pkg/idempotency"
	"aforro/pkg/postgres/db"
)

// once runs work in one transaction, once for a key: what work answers is kept
// with the key in the same transaction, and a repeat gets that (replayed)
// instead of a second run. A repeat that comes while the first runs waits for
// it. Another body for the same key is fault.Unprocessable. When work fails
// nothing is kept, so that a refused request may be corrected under its key.
//
// The answer must survive encoding/json. Without a key work just runs.
func once[A any](ctx context.Context, d *DB, r idempotency.Request, work func(*db.Queries) (A, error)) (answer A, replayed bool, err error) {
	err = d.inTx(ctx, func(_ pgx.Tx, q *db.Queries) (err error) {
		if replayed, err = claim(ctx, q, r, &answer); err != nil || replayed {
			return err
		}
		if answer, err = work(q); err != nil {
			return err
		}
		return keep(ctx, q, r, answer)
	})
	if err != nil {
		var none A
		return none, false, err
	}
	return answer, replayed, nil
}

// claim takes the key for this transaction, or reads the answer kept with it.
func claim(ctx context.Context, q *db.Queries, r idempotency.Request, answer any) (replayed bool, err error) {
	for r.Keyed() {
		claimed, err := q.ClaimKey(ctx, db.ClaimKeyParams{Route: r.Route, Key: r.Key, Fingerprint: r.Fingerprint[:]})
		if err != nil {
			return false, fmt.Errorf("claim an idempotency key: %w", err)
		}
		if claimed == 1 {
			return false, nil
		}
		kept, err := q.GetKey(ctx, db.GetKeyParams{Route: r.Route, Key: r.Key})
		if errors.Is(err, pgx.ErrNoRows) {
			continue // forgotten between the two statements: it is free again
		}
		if err != nil {
			return false, fmt.Errorf("read an idempotency key: %w", err)
		}
		if err := r.Matches(kept.Fingerprint); err != nil {
			return false, err
		}
		if err := json.Unmarshal(kept.Answer, answer); err != nil {
			return false, fmt.Errorf("read the answer kept with an idempotency key: %w", err)
		}
		return true, nil
	}
	return false, nil
}

func keep(ctx context.Context, q *db.Queries, r idempotency.Request, answer any) error {
	if !r.Keyed() {
		return nil
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("write the answer of an idempotency key: %w", err)
	}
	if err := q.KeepAnswer(ctx, db.KeepAnswerParams{Route: r.Route, Key: r.Key, Answer: text}); err != nil {
		return fmt.Errorf("keep the answer of an idempotency key: %w", err)
	}
	return nil
}

// ForgetKeys deletes the oldest keys, up to limit, that are at least olderThan
// old, and says how many those were. It returns fault.Invalid for an age below
// idempotency.Kept, which clients are promised.
func (d *DB) ForgetKeys(ctx context.Context, olderThan time.Duration, limit int) (int, error) {
	if olderThan < idempotency.Kept {
		return 0, fault.New(fault.Invalid, "idempotency keys are kept for at least %s", idempotency.Kept)
	}
	n, err := d.q.ForgetKeys(ctx, db.ForgetKeysParams{OlderSeconds: olderThan.Seconds(), Most: int32(limit)})
	return int(n), translate(err, "forget idempotency keys")
}
