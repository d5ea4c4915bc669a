package api

import (
	"context"
	"sync"
	"time"

	"aforro/pkg/catalog"
	"aforro/pkg/fault"
)

// storeFresh is how long a store that was seen is taken to exist.
const storeFresh = 5 * time.Second

// storePatience bounds asking again for a store that was seen before.
const storePatience = 300 * time.Millisecond

// storeRegister knows which stores exist, so that a search with a store does
// not ask the database each time, and goes on while the database is away.
type storeRegister struct {
	stores Stores
	mu     sync.Mutex
	seen   map[int64]time.Time
	// all are the stores as they were at listed.
	all    []catalog.Store
	listed time.Time
}

func newStoreRegister(stores Stores) *storeRegister {
	return &storeRegister{stores: stores, seen: map[int64]time.Time{}}
}

// check returns fault.NotFound for a store that does not exist, naming where
// the request has it. A store seen before stands in while the database is away.
func (r *storeRegister) check(ctx context.Context, id int64, location string) error {
	known, fresh := r.knows(id)
	if fresh {
		return nil
	}
	patience := searchTimeout
	if known {
		patience = storePatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	exists, err := r.ask(ctx, id)
	switch {
	case fault.Is(err, fault.Unavailable) && known:
		r.note(id, true) // asked again in a while, so that an absent database costs little
		return nil
	case err != nil:
		return err
	}
	r.note(id, exists)
	if !exists {
		return notFound("store", fault.Field{Location: location, Message: "there is no such store", Value: id})
	}
	return nil
}

// knows reports whether the store was seen, and whether so lately that the database
// need not be asked.
func (r *storeRegister) knows(id int64) (known, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, known := r.seen[id]
	return known, known && time.Since(last) < storeFresh
}

// list gives all stores, hardly older than storeFresh; while the database is away,
// as they were last.
func (r *storeRegister) list(ctx context.Context) ([]catalog.Store, error) {
	r.mu.Lock()
	all, listed := r.all, r.listed
	r.mu.Unlock()
	known := !listed.IsZero()
	if known && time.Since(listed) < storeFresh {
		return all, nil
	}
	patience := searchTimeout
	if known {
		patience = storePatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now, err := r.stores.Stores(ctx)
	switch {
	case err == nil:
		all = now
	case !known || !fault.Is(err, fault.Unavailable):
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all, r.listed = all, time.Now()
	return all, nil
}

func (r *storeRegister) ask(ctx context.Context, id int64) (bool, error) {
	if id < 1 {
		return false, nil
	}
	return r.stores.StoreExists(ctx, id)
}

func (r *storeRegister) note(id int64, exists bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if exists {
		r.seen[id] = time.Now()
	} else {
		delete(r.seen, id)
	}
}
