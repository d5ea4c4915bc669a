package postgres

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"aforro/pkg/postgres/db"
)

// Options bound what one process takes from PostgreSQL.
type Options struct {
	// MaxConns is the most connections held at once; 0 means 20.
	MaxConns int32
	// StatementTimeout ends a statement on the server; 0 means none (imports,
	// index builds).
	StatementTimeout time.Duration
	// ApplicationName shows in pg_stat_activity.
	ApplicationName string
}

// connectTimeout bounds one attempt to connect, so that a caller hears of an
// absent server in time to answer.
const connectTimeout = 2 * time.Second

// DB is a pool of connections to one database.
type DB struct {
	pool *pgxpool.Pool
	q    *db.Queries
	url  string
	// current: the schema was seen to be as new as this program's.
	current atomic.Bool
}

// Open prepares a pool; it connects on first use, so that a process starts
// while PostgreSQL is away. Close it at the end.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the PostgreSQL URL: it is not a valid connection string")
	}
	cfg.MaxConns = 20
	if o.MaxConns > 0 {
		cfg.MaxConns = o.MaxConns
	}
	cfg.ConnConfig.ConnectTimeout = connectTimeout
	params := cfg.ConnConfig.RuntimeParams
	params["timezone"] = "UTC"
	// What is answered is on disk, whatever the server's default is.
	params["synchronous_commit"] = "on"
	if o.ApplicationName != "" {
		params["application_name"] = o.ApplicationName
	}
	if o.StatementTimeout > 0 {
		// The same roles never rest in a transaction. One whose process froze, or
		// whose host is gone without a word, must not keep its locks.
		params["statement_timeout"] = fmt.Sprint(o.StatementTimeout.Milliseconds())
		params["idle_in_transaction_session_timeout"] = "5000"
		params["tcp_keepalives_idle"], params["tcp_keepalives_interval"], params["tcp_keepalives_count"] = "5", "2", "3"
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("prepare the PostgreSQL pool: %w", err)
	}
	return &DB{pool: pool, q: db.New(pool), url: url}, nil
}

// Close ends every connection, waiting for those in use.
func (d *DB) Close() { d.pool.Close() }

// Ping reports whether PostgreSQL answers.
func (d *DB) Ping(ctx context.Context) error {
	return translate(d.pool.Ping(ctx), "reach PostgreSQL")
}

// inTx runs fn in one transaction: committed when fn returns nil, else rolled
// back. The error of the commit is the error of the call.
func (d *DB) inTx(ctx context.Context, fn func(tx pgx.Tx, q *db.Queries) error) error {
	return pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return fn(tx, d.q.WithTx(tx)) })
}
