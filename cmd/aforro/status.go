package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"aforro/pkg/elasticsearch"
	"aforro/pkg/fault"
	"aforro/pkg/postgres"
	"aforro/pkg/search"
)

// listenFor is how long status listens: an indexer tells its freshness every
// second.
const listenFor = 2500 * time.Millisecond

func statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Say how fresh the index is and what the indexer is kept from",
		Long: `Say how far the index is behind PostgreSQL, how long changes of each kind took
lately from their commit until searches saw them, which versions of the index
there are, how much log PostgreSQL keeps for the indexer, and how many documents
are in quarantine. It listens for two seconds to what the indexer tells.`,
		Example: `  aforro status`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, postgresURL, elasticsearchURL)
			if err != nil {
				return err
			}
			a := newApp(c, logger(c))
			defer a.closeAll()
			db, err := a.database(cmd.Context(), postgres.Options{ApplicationName: "aforro-status", MaxConns: 2})
			if err != nil {
				return err
			}
			engine, err := a.engine()
			if err != nil {
				return err
			}
			return printStatus(cmd.Context(), cmd.OutOrStdout(), c.Slot, db, engine)
		},
	}
}

func printStatus(ctx context.Context, out io.Writer, slot string, db *postgres.DB, engine *elasticsearch.Client) error {
	var b strings.Builder
	told, heard := hearProgress(ctx, db.Progress(slot))
	_, now, err := db.Now(ctx)
	if err != nil {
		return err
	}
	writeProgress(&b, told, heard, now)
	if err := writeSlot(ctx, &b, slot, db); err != nil {
		return err
	}
	if err := writeVersions(ctx, &b, engine); err != nil {
		return err
	}
	_, quarantined, err := db.Quarantined(ctx, 1000)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "quarantine: %d documents", quarantined)
	if quarantined > 0 {
		b.WriteString("; see 'aforro quarantine list'")
	}
	_, err = io.WriteString(out, b.String()+"\n")
	return err
}

// latest keeps the last of what is told, and the last freshness.
type latest struct {
	mu    sync.Mutex
	told  search.Progress
	heard bool
	fresh chan struct{}
	once  sync.Once
}

// Hear takes in one message.
func (l *latest) Hear(p search.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(p.Freshness) == 0 {
		p.Freshness = l.told.Freshness
	} else {
		l.once.Do(func() { close(l.fresh) })
	}
	l.told, l.heard = p, true
}

// Lose is a message that another version of the program sent.
func (l *latest) Lose() {}

func hearProgress(ctx context.Context, p *postgres.Progress) (search.Progress, bool) {
	l := &latest{fresh: make(chan struct{})}
	ctx, cancel := context.WithTimeout(ctx, listenFor)
	done := make(chan error, 1)
	go func() { done <- p.Follow(l, slog.New(slog.DiscardHandler)).Run(ctx) }()
	select {
	case <-l.fresh:
	case <-ctx.Done():
	}
	cancel()
	<-done
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told, l.heard
}

func writeProgress(b *strings.Builder, told search.Progress, heard bool, now time.Time) {
	switch {
	case !heard:
		b.WriteString("index: no indexer tells how far it is: none runs, or all stand by\n")
		return
	case told.AsOf.IsZero():
		b.WriteString("index: an indexer runs, nothing is searchable yet\n")
		return
	}
	fmt.Fprintf(b, "index: as of %s, %.1f s old\n", told.AsOf.UTC().Format(time.RFC3339), max(0, now.Sub(told.AsOf)).Seconds())
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "from commit to searchable\tchanges\tp50\tp99\tmost\t")
	for _, f := range told.Freshness {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t\n", f.Kind, f.Changes, short(f.P50), short(f.P99), short(f.Max))
	}
	if err := w.Flush(); err != nil {
		panic("status: a builder takes everything: " + err.Error())
	}
}

func short(d time.Duration) string { return d.Round(time.Millisecond).String() }

func writeSlot(ctx context.Context, b *strings.Builder, name string, db *postgres.DB) error {
	s, err := db.Slot(name).State(ctx)
	var f *fault.Error
	switch {
	case errors.As(err, &f) && f.Code != fault.Unavailable:
		fmt.Fprintf(b, "slot: %s\n", f.Message)
		return nil
	case err != nil:
		return err
	}
	by := "followed by nobody"
	if s.Active {
		by = "followed"
	}
	fmt.Fprintf(b, "slot %q: %s, %.1f MB of log kept, %.1f MB not confirmed\n", name, by, float64(s.Retained)/(1<<20), float64(s.Lag)/(1<<20))
	return nil
}

func writeVersions(ctx context.Context, b *strings.Builder, engine *elasticsearch.Client) error {
	versions, err := engine.Indices(ctx)
	if err != nil {
		return err
	}
	for _, v := range versions {
		state := "being built"
		switch {
		case v.Live:
			state = "live"
		case v.Meta.Complete:
			state = "kept for a roll-back"
		}
		if !v.Current {
			state += ", made with other settings or mappings: 'aforro reindex'"
		}
		fmt.Fprintf(b, "%s: %d documents, %s\n", v.Name, v.Docs, state)
	}
	if len(versions) == 0 {
		b.WriteString("there is no index\n")
	}
	return nil
}
