package indexer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

// What ends a sending other than success.
var (
	// errForeign: the index holds versions that this database never had.
	errForeign = errors.New("the index belongs to another history of the database")
	// errGone: the index is not there any more.
	errGone = errors.New("the index is gone")
	// errStale: what was read is too old to be written, see Options.GCDeletes.
	errStale = errors.New("the documents were read too long ago")
	// errEnded: the stream was closed without an error.
	errEnded = errors.New("the change stream ended")
)

func isGone(err error) bool { return errors.Is(err, errGone) }

// How long a busy or absent index is left alone.
const (
	firstRetry = 50 * time.Millisecond
	mostRetry  = 2 * time.Second
)

// sender writes to one index until each write has a final outcome.
type sender struct {
	source Source
	log    Log
	writer Writer
	ward   *ward
	m      *metrics
	logger *slog.Logger
	// maxAge is how old a reading may be when it is sent: half of the time that
	// the index remembers deletes.
	maxAge time.Duration
	// away: the index could not be reached when it was last tried.
	away atomic.Bool
}

func newSender(o Options, m *metrics) *sender {
	return &sender{
		source: o.Source, log: o.Log, writer: o.Writer, ward: newWard(o.Quarantine, o.Logger), m: m, logger: o.Logger, maxAge: o.GCDeletes / 2,
	}
}

// read gives the writes that make the products what they are now, and when they
// were read; those without a document are removed.
func (s *sender) read(ctx context.Context, ids []int64, listing map[int64]bool) ([]search.Write, time.Time, error) {
	begun := time.Now()
	// The version comes first: a document must never claim to be newer than
	// what was read.
	version, err := s.log.Position(ctx)
	if err != nil {
		return nil, begun, err
	}
	docs, err := s.source.Project(ctx, ids)
	if err != nil {
		return nil, begun, err
	}
	return writes(ids, docs, version, listing), begun, nil
}

// writes pairs ids with their documents; both are in order. listing names those
// whose suggestions are written as well; nil: all.
func writes(ids []int64, docs []search.Document, version search.Version, listing map[int64]bool) []search.Write {
	list := make([]search.Write, len(ids))
	next := 0
	for i, id := range ids {
		list[i] = search.Write{ID: id, Version: version, Listing: listing == nil || listing[id]}
		if next < len(docs) && docs[next].ID == id {
			list[i].Document = &docs[next]
			next++
		}
	}
	return list
}

// send writes until nothing is left to retry. While the index is away it
// waits; errStale when that took too long.
func (s *sender) send(ctx context.Context, index string, left []search.Write, readAt time.Time) error {
	for try := 0; ; try++ {
		if time.Since(readAt) > s.maxAge {
			s.m.stale.Inc()
			return errStale
		}
		results, err := s.writer.Bulk(ctx, index, left)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case fault.Is(err, fault.NotFound):
			return fmt.Errorf("write to %s: %w", index, errGone)
		case err != nil && !fault.Is(err, fault.Unavailable):
			return err
		case err != nil:
			s.m.away.Inc()
			s.away.Store(true)
			s.logger.Log(ctx, level(try), "the index cannot be written, waiting", "index", index, "error", err)
		default:
			s.away.Store(false)
			if left, err = s.judge(ctx, index, left, results); err != nil || len(left) == 0 {
				return err
			}
		}
		if err := lifecycle.Sleep(ctx, lifecycle.Backoff(try, firstRetry, mostRetry)); err != nil {
			return err
		}
	}
}

// level says the first failure aloud and repeats it quietly.
func level(try int) slog.Level {
	if try == 0 {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// judge sorts the outcomes and returns the writes that are to be tried again.
// What the index refuses is in quarantine afterwards.
func (s *sender) judge(ctx context.Context, index string, sent []search.Write, results []search.WriteResult) ([]search.Write, error) {
	if len(results) != len(sent) {
		return nil, fmt.Errorf("write to %s: %d results for %d writes", index, len(results), len(sent))
	}
	var again []search.Write
	var refused []search.Refusal
	var taken []int64
	newest := search.Version(0)
	for i, r := range results {
		s.m.outcome(r.Outcome)
		switch r.Outcome {
		case search.Retry:
			again = append(again, sent[i])
		case search.Late:
			newest = max(newest, r.Stored)
		case search.Stored:
			taken = append(taken, sent[i].ID)
		case search.Foreign:
			return nil, errForeign
		case search.Refused:
			refused = append(refused, search.Refusal{Product: sent[i].ID, Reason: r.Reason})
		}
	}
	if err := s.believeLate(ctx, newest); err != nil {
		return nil, err
	}
	if err := s.ward.admit(ctx, index, refused); err != nil {
		return nil, err
	}
	return again, s.ward.release(ctx, index, taken)
}

// believeLate checks that a newer version in the index can be this database's:
// a version beyond the end of the log was made by another one.
func (s *sender) believeLate(ctx context.Context, newest search.Version) error {
	if newest == 0 {
		return nil
	}
	now, err := s.log.Position(ctx)
	if err != nil {
		return err
	}
	if newest > now {
		return fmt.Errorf("version %d is stored, the log ends at %d: %w", newest, now, errForeign)
	}
	return nil
}
