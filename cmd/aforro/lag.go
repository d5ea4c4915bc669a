package main

import (
	"context"
	"sync/atomic"
	"time"

	"aforro/pkg/postgres"
	"aforro/pkg/search"
)

// lagMeter hears how old what searches see is.
type lagMeter struct {
	// asOf is in Unix nanoseconds of the database's clock, which is ahead of ours by so much.
	asOf  atomic.Int64
	ahead time.Duration
}

// Hear takes in one message.
func (l *lagMeter) Hear(p search.Progress) {
	if !p.AsOf.IsZero() {
		l.asOf.Store(p.AsOf.UnixNano())
	}
}

// Lose is a message that another version of the program sent.
func (l *lagMeter) Lose() {}

// lag is 0 while nothing was heard.
func (l *lagMeter) lag() time.Duration {
	asOf := l.asOf.Load()
	if asOf == 0 {
		return 0
	}
	return time.Now().Add(l.ahead).Sub(time.Unix(0, asOf))
}

// followLag listens to the running indexer until the app is closed.
func (a *app) followLag(ctx context.Context) (func() time.Duration, error) {
	db, err := a.database(ctx, postgres.Options{ApplicationName: "aforro-reindex", MaxConns: 1})
	if err != nil {
		return nil, err
	}
	_, now, err := db.Now(ctx)
	if err != nil {
		return nil, err
	}
	meter := &lagMeter{ahead: time.Until(now)}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- db.Progress(a.cfg.Slot).Follow(meter, a.log).Run(ctx) }()
	a.closers = append(a.closers, func() {
		cancel()
		<-done
	})
	return meter.lag, nil
}
