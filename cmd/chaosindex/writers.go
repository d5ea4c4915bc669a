package main

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"aforro/pkg/lifecycle"
)

const (
	writerCount = 4
	mostPause   = 100 * time.Millisecond
	// reconnect is how long a writer waits that has lost its connection.
	reconnect = 200 * time.Millisecond
)

// write changes the catalogue until ctx ends. What a writer wants to change does
// not hang on what becomes of it.
func (g *ground) write(ctx context.Context, seed uint64, n int) {
	wishes := rand.New(rand.NewPCG(seed, uint64(n)+1))
	for ctx.Err() == nil {
		g.writeOnce(ctx, wishes)
		// Either ends the loop or lets PostgreSQL come back.
		_ = lifecycle.Sleep(ctx, reconnect)
	}
}

// writeOnce writes over one connection for as long as it holds.
func (g *ground) writeOnce(ctx context.Context, wishes *rand.Rand) {
	log, err := os.OpenFile(filepath.Join(g.Logs, "writers.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		g.Found.Add(foundWriter, "%v", err)
		return
	}
	defer func() { _ = log.Close() }() // nothing is lost but complaints
	s, err := g.Session(ctx, log)
	if err != nil {
		g.Found.Add(foundWriter, "%v", err)
		return
	}
	defer s.End()
	sql := "SET lock_timeout = '5s'"
	for s.Do(sql) == nil {
		g.written.Add(1)
		if lifecycle.Sleep(ctx, time.Duration(wishes.Int64N(int64(mostPause)))) != nil {
			return
		}
		sql = statement(wishes, g.categories)
	}
	g.unwritten.Add(1)
}
