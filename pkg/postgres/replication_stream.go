package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"aforro/pkg/fault"
	"aforro/pkg/search"
)

const (
	// statusEvery is how often the server hears from us unasked, and is asked for
	// its own position: it ends a stream that is silent for wal_sender_timeout (1
	// min by default).
	statusEvery = 250 * time.Millisecond
	// streamBuffer is how many events wait for the consumer. Beyond it nothing
	// more is read, and the server keeps the log.
	streamBuffer = 4096
	closeTimeout = 2 * time.Second
)

// changeStream is every committed change of what documents are made of, in
// commit order. One goroutine owns the connection: it goes on answering the
// server while the consumer is busy or waits, with the position unmoved.
type changeStream struct {
	conn      *pgconn.PgConn
	decoder   *decoder
	events    chan search.Event
	confirmed atomic.Int64
	cancel    context.CancelFunc
	done      chan struct{}
	err       error
	lastSent  time.Time
	lastHeard time.Time
	silence   time.Duration
	open      bool // between Begin and Commit
}

// Open follows the slot from its confirmed position. NotFound: there is no such
// slot, see Create. Conflict: another process follows it. The
// stream runs until Close, the end of ctx, or an error.
func (s *Slot) Open(ctx context.Context) (search.ChangeStream, error) {
	state, err := s.State(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := s.d.replicationConn(ctx)
	if err != nil {
		return nil, err
	}
	args := []string{"proto_version '1'", "publication_names '" + publication + "'", "messages 'true'"}
	err = pglogrepl.StartReplication(ctx, conn, s.name, 0, pglogrepl.StartReplicationOptions{PluginArgs: args})
	if err != nil {
		closeConn(conn)
		return nil, startError(err, s.name)
	}
	own, cancel := context.WithCancel(ctx)
	c := &changeStream{
		conn: conn, decoder: newDecoder(), events: make(chan search.Event, streamBuffer), cancel: cancel, done: make(chan struct{}),
		lastHeard: time.Now(), silence: s.Silence,
	}
	c.confirmed.Store(int64(state.Confirmed))
	go c.run(own)
	return c, nil
}

func (d *DB) replicationConn(ctx context.Context) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(d.url)
	if err != nil {
		return nil, errors.New("read the PostgreSQL URL: it is not a valid connection string")
	}
	cfg.RuntimeParams["replication"] = "database"
	cfg.RuntimeParams["application_name"] = "aforro-indexer"
	cfg.ConnectTimeout = connectTimeout
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	return conn, translate(err, "open a replication connection")
}

func startError(err error, slot string) error {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		switch pgErr.Code {
		case "55006": // object_in_use
			return fault.Wrap(err, fault.Conflict, "another process follows the replication slot %q", slot)
		case "42704", "55000": // undefined_object; the slot was invalidated
			return fault.Wrap(err, fault.NotFound, "the replication slot %q cannot be followed", slot)
		}
	}
	return translate(err, "start the change stream")
}

// Events gives the changes; it is closed when the stream ends, and Err says why.
func (s *changeStream) Events() <-chan search.Event { return s.events }

// Err is why the stream ended: nil after Close. Ask once Events is closed.
func (s *changeStream) Err() error {
	<-s.done
	return s.err
}

// Confirm says that everything up to position is done: the server need not
// keep it. It is told with the next status, within statusEvery.
func (s *changeStream) Confirm(position search.Version) { s.confirmed.Store(int64(position)) }

// Close ends the stream, telling the server the last confirmed position.
func (s *changeStream) Close() {
	s.cancel()
	<-s.done
}

func (s *changeStream) run(ctx context.Context) {
	defer close(s.done)
	defer close(s.events)
	defer closeConn(s.conn)
	defer s.cancel()
	// A read that waits ends when the stream is to end.
	stop := context.AfterFunc(ctx, func() { s.deadline(time.Unix(1, 0)) })
	defer stop()
	for ctx.Err() == nil {
		if err := s.step(ctx); err != nil && ctx.Err() == nil {
			s.err = translate(err, "follow the changes")
			return
		}
	}
	if err := s.status(); err != nil {
		slog.Debug("tell the last position", "error", err)
	}
}

// step reads one message, or none until a status is due.
func (s *changeStream) step(ctx context.Context) error {
	if due := time.Until(s.lastSent.Add(statusEvery)); due <= 0 {
		if err := s.status(); err != nil {
			return err
		}
		s.deadline(s.lastSent.Add(statusEvery))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	// The deadline is the connection's own: a context for each message would
	// cost a goroutine for each.
	msg, err := s.conn.ReceiveMessage(context.Background())
	var netErr net.Error
	if errors.As(err, &netErr) && netErr.Timeout() {
		return s.listen()
	}
	if err != nil {
		return err
	}
	// After it was handed on: while the consumer is busy nobody listens.
	defer func() { s.lastHeard = time.Now() }()
	switch m := msg.(type) {
	case *pgproto3.CopyData:
		return s.data(ctx, m.Data)
	case *pgproto3.ErrorResponse:
		return pgconn.ErrorResponseToPgError(m)
	case *pgproto3.CopyDone:
		return fault.New(fault.Unavailable, "the server ended the change stream")
	}
	return nil
}

// listen reports a server that has been silent for too long.
func (s *changeStream) listen() error {
	if quiet := time.Since(s.lastHeard); quiet > s.silence {
		return fault.New(fault.Unavailable, "PostgreSQL has said nothing on the change stream for %s", quiet.Round(time.Second))
	}
	return nil
}

func (s *changeStream) deadline(t time.Time) {
	if err := s.conn.Conn().SetReadDeadline(t); err != nil {
		slog.Debug("set the deadline of the change stream", "error", err)
	}
}

func (s *changeStream) data(ctx context.Context, data []byte) error {
	switch data[0] {
	case pglogrepl.PrimaryKeepaliveMessageByteID:
		k, err := pglogrepl.ParsePrimaryKeepaliveMessage(data[1:])
		if err != nil {
			return fmt.Errorf("read a keepalive: %w", err)
		}
		return s.keepalive(ctx, k)
	case pglogrepl.XLogDataByteID:
		x, err := pglogrepl.ParseXLogData(data[1:])
		if err != nil {
			return fmt.Errorf("read a piece of the log: %w", err)
		}
		events, err := s.decoder.decode(x.WALData)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := s.give(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepalive between transactions says that there was nothing for us before its
// position: confirming it lets the server drop the log of other tables.
func (s *changeStream) keepalive(ctx context.Context, k pglogrepl.PrimaryKeepaliveMessage) error {
	if k.ReplyRequested {
		if err := s.status(); err != nil {
			return err
		}
	}
	if s.open {
		return nil
	}
	return s.give(ctx, search.Event{Kind: search.Idle, Position: search.Version(k.ServerWALEnd)})
}

// give hands an event to the consumer and answers the server while it waits.
func (s *changeStream) give(ctx context.Context, e search.Event) error {
	switch e.Kind {
	case search.Begin:
		s.open = true
	case search.Commit:
		s.open = false
	}
	select {
	case s.events <- e:
		return nil
	default:
	}
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	for {
		select {
		case s.events <- e:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if err := s.status(); err != nil {
				return err
			}
		}
	}
}

func (s *changeStream) status() error {
	s.lastSent = time.Now()
	at := pglogrepl.LSN(s.confirmed.Load())
	err := pglogrepl.SendStandbyStatusUpdate(context.Background(), s.conn, pglogrepl.StandbyStatusUpdate{
		WALWritePosition: at, ReplyRequested: true,
	})
	return translate(err, "tell the server our position")
}

func closeConn(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := conn.Close(ctx); err != nil {
		slog.Debug("close a replication connection", "error", err)
	}
}
