package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/lifecycle"
	"aforro/pkg/postgres/db"
	"aforro/pkg/search"
)

const (
	// quiet is how long the channel may be silent before the server is asked
	// whether it is still there; so long it has for its answer.
	quiet = time.Second
	// followFirst and followMost bound the wait before the channel is followed
	// again.
	followFirst, followMost = 50 * time.Millisecond, 2 * time.Second
)

// Progress is the channel on which an indexer tells every process how far the
// index is: notifications of PostgreSQL. It belongs to a replication slot, as the
// indexer does: installations that share a database do not hear each other.
type Progress struct {
	d       *DB
	channel string
}

// Progress names the channel of a slot.
func (d *DB) Progress(slot string) *Progress {
	sum := sha256.Sum256([]byte(slot)) // a channel's name is shorter than a slot's may be
	return &Progress{d: d, channel: "aforro_progress_" + hex.EncodeToString(sum[:8])}
}

// Tell tells everybody who follows. More products than can be told by name are
// told as everything. It does not wait for the disk.
func (p *Progress) Tell(ctx context.Context, told search.Progress) error {
	texts, err := payloads(told)
	if err != nil {
		return err
	}
	err = p.d.inTx(ctx, func(_ pgx.Tx, q *db.Queries) error {
		if err := q.RelaxCommit(ctx); err != nil {
			return err
		}
		return q.Notify(ctx, db.NotifyParams{Channel: p.channel, Payloads: texts})
	})
	return translate(err, "tell the index's progress")
}

// Hearer takes in what is told.
type Hearer interface {
	// Hear is called for each message, in order, by one goroutine.
	Hear(told search.Progress)
	// Lose is called when something was told that cannot be understood.
	Lose()
}

// Follower hears what is told on a connection of its own.
type Follower struct {
	config  *pgx.ConnConfig
	channel string
	hearer  Hearer
	log     *slog.Logger
	live    bool
}

// Follow prepares to hear; Run hears. Messages that are told while there is no
// connection are lost, which their numbers show.
func (p *Progress) Follow(hearer Hearer, log *slog.Logger) *Follower {
	return &Follower{config: p.d.pool.Config().ConnConfig, channel: p.channel, hearer: hearer, log: log}
}

// Run follows until ctx ends and then returns nil. It waits for a server that is
// away.
func (f *Follower) Run(ctx context.Context) error {
	for n := 0; ctx.Err() == nil; n++ {
		err := f.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if f.live {
			f.live, n = false, 0
			f.log.Warn("the index's progress is not heard; cached pages are not kept meanwhile", "error", err)
		}
		if lifecycle.Sleep(ctx, lifecycle.Backoff(n, followFirst, followMost)) != nil {
			break
		}
	}
	return nil
}

// session hears on one connection until it fails.
func (f *Follower) session(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, f.config)
	if err != nil {
		return fmt.Errorf("connect to hear the index's progress: %w", err)
	}
	defer f.end(conn)
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{f.channel}.Sanitize()); err != nil {
		return fmt.Errorf("listen for the index's progress: %w", err)
	}
	f.live = true
	var parts assembler
	for {
		text, err := f.next(ctx, conn)
		if err != nil {
			return err
		}
		f.take(&parts, text)
	}
}

// next waits for a notification. A server that is silent for long is asked
// whether it is there.
func (f *Follower) next(ctx context.Context, conn *pgx.Conn) (string, error) {
	for {
		waiting, cancel := context.WithTimeout(ctx, quiet)
		n, err := conn.WaitForNotification(waiting)
		silent := waiting.Err() != nil
		cancel()
		switch {
		case err == nil:
			return n.Payload, nil
		case ctx.Err() != nil || !silent:
			return "", fmt.Errorf("hear the index's progress: %w", err)
		}
		asking, cancel := context.WithTimeout(ctx, quiet)
		err = conn.Ping(asking)
		cancel()
		if err != nil {
			return "", fmt.Errorf("ask whether PostgreSQL is there: %w", err)
		}
	}
}

func (f *Follower) take(parts *assembler, text string) {
	told, whole, err := parts.add(text)
	switch {
	case err != nil:
		f.log.Warn("something was told of the index's progress that cannot be read", "bytes", len(text))
		f.hearer.Lose()
	case whole:
		f.hearer.Hear(told)
	}
}

// end closes a connection. The server is told, unless it does not answer.
func (f *Follower) end(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), quiet)
	defer cancel()
	if err := conn.Close(ctx); err != nil {
		f.log.Debug("close the connection of the index's progress", "error", err)
	}
}

// assembler puts the parts of a message together.
type assembler struct {
	whole search.Progress
	next  int
}

// add takes the next payload and gives the message when it is whole. A message of
// which a part is missing never is: the number of the next shows it.
func (a *assembler) add(text string) (told search.Progress, whole bool, err error) {
	p, err := readPayload(text)
	switch {
	case err != nil:
		*a = assembler{}
		return told, false, err
	case p.number == 0:
		*a = assembler{whole: p.Progress}
	case p.number != a.next || p.Epoch != a.whole.Epoch || p.Sequence != a.whole.Sequence:
		*a = assembler{}
		return told, false, nil
	default:
		a.whole.Changed = append(a.whole.Changed, p.Changed...)
	}
	a.next = p.number + 1
	if a.next < p.of {
		return told, false, nil
	}
	told = a.whole
	*a = assembler{}
	return told, true, nil
}
