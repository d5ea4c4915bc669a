package main

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"aforro/cmd/internal/trial"
	"aforro/pkg/lifecycle"
)

const (
	writerCount = 4
	mostPause   = 250 * time.Millisecond
	// reconnect is how long a writer waits that has lost its connection.
	reconnect  = 200 * time.Millisecond
	writersLog = "writers.log"
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
	log, err := os.OpenFile(filepath.Join(g.Logs, writersLog), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
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

// meets are what writers say when they meet each other, or a TRUNCATE.
var meets = []string{"deadlock detected", "lock timeout", "violates foreign key constraint"}

// complaints are the errors in the writers' log that are this program's own.
func complaints(log string) (found []string) {
	for line := range strings.Lines(log) {
		expected := func(what string) bool { return strings.Contains(line, what) }
		if strings.Contains(line, "ERROR:") && !slices.ContainsFunc(meets, expected) {
			found = append(found, line)
		}
	}
	return found
}

// wrote fails a run whose writers changed nothing, or could not.
func (g *ground) wrote() trial.Verdict {
	log, err := os.ReadFile(filepath.Join(g.Logs, writersLog))
	if err != nil {
		g.Found.Add(foundWriter, "%v", err)
	}
	for _, c := range complaints(string(log)) {
		g.Found.Add(foundWriter, "%s", c)
	}
	if g.written.Load() == 0 {
		g.Found.Add(foundWriter, "there were none")
	}
	return g.Seen(foundWriter, "changes were made all the time")
}
