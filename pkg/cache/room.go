package cache

import (
	"sync"
	"time"
)

const (
	// maxKept is how many bytes one process keeps in Redis at once. The queue
	// usually lives in the same Redis, which must not evict: answers that filled
	// it would keep orders out.
	maxKept = 128 << 20
	// overhead is about what Redis takes for a key beside its value, in bytes.
	overhead = 200
	// grain is how exactly it is known when bytes become free.
	grain = 5 * time.Second
)

// room counts the bytes that have been stored and have not expired. What was
// replaced or forgotten early counts until then too, so it never says too little.
type room struct {
	mu   sync.Mutex
	most int64
	used int64
	// expiring has the bytes that become free in each grain of time.
	expiring map[int64]int64
}

func newRoom(most int64) *room { return &room{most: most, expiring: map[int64]int64{}} }

// take reports whether there is room for size bytes until ttl is over, and
// takes it.
func (r *room) take(now time.Time, size int64, ttl time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at, bytes := range r.expiring {
		if at < now.UnixNano()/int64(grain) {
			r.used -= bytes
			delete(r.expiring, at)
		}
	}
	size += overhead
	if r.used+size > r.most {
		return false
	}
	r.used += size
	r.expiring[now.Add(ttl).UnixNano()/int64(grain)] += size
	return true
}
