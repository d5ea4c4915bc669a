package api

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"aforro/pkg/catalog"
)

// storeList is the stores that pages let choose from. It asks the database now
// and then, and has what it had while that is away.
type storeList struct {
	stores Stores
	mu     sync.Mutex
	list   []catalog.Store
	asked  time.Time
}

// all gives every store by city; none while they are not known.
func (l *storeList) all(ctx context.Context) []catalog.Store {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.asked) < storeFresh {
		return l.list
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
	defer cancel()
	l.asked = time.Now()
	if list, err := l.stores.Stores(ctx); err == nil {
		l.list = byCity(list)
	}
	return l.list
}

func byCity(list []catalog.Store) []catalog.Store {
	slices.SortFunc(list, func(a, b catalog.Store) int { return cmp.Or(cmp.Compare(a.City, b.City), cmp.Compare(a.ID, b.ID)) })
	return list
}
