//go:build integration

package indexer_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"aforro/indexer"
	"aforro/pkg/fault"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// cutOff is a source that is away after so many chunks.
type cutOff struct {
	indexer.Source
	mu    sync.Mutex
	left  int
	asked []int64
}

func (c *cutOff) ProjectAfter(ctx context.Context, after int64, limit int) (search.Projection, error) {
	c.mu.Lock()
	c.asked = append(c.asked, after)
	c.left--
	away := c.left < 0
	c.mu.Unlock()
	if away {
		return search.Projection{}, fault.Wrap(errors.New("cut off"), fault.Unavailable, "away")
	}
	return c.Source.ProjectAfter(ctx, after, limit)
}

// interrupted begins a reindex that is cut off in the middle of its build, and
// gives the version that is left.
func (s *shop) interrupted(o indexer.Options) search.IndexVersion {
	s.tb.Helper()
	o.Source, o.CheckpointEvery, o.Senders = &cutOff{Source: o.Source, left: 6}, time.Nanosecond, 1
	result, err := indexer.NewReindexer(o).Run(s.tb.Context(), noProgress)
	if !fault.Is(err, fault.Unavailable) {
		s.tb.Fatalf("it was not cut off: %v", err)
	}
	versions, err := s.engine.Indices(s.tb.Context())
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, v := range versions {
		if v.Name == result.Index && !v.Live && v.Meta.Reindex && v.Meta.BuiltTo > 0 {
			return v
		}
	}
	s.tb.Fatalf("nothing is left of it: %+v", versions)
	return search.IndexVersion{}
}

// What was cut off is taken up where it was; what changed meanwhile, an indexer
// that was restarted included, is in it.
func TestAReindexGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(3000)
	_, stop := s.started()
	var wg sync.WaitGroup
	s.meddle(&wg, 2, 1500, 3000)
	left := s.interrupted(s.opts)
	stop()
	s.exec("UPDATE products SET price = price + 1 WHERE id IN (1, 2, 2999)")
	s.exec("DELETE FROM products WHERE id = 3")
	s.started()
	if s.live().Name == left.Name {
		t.Fatal("the indexer made it live")
	}
	o, again := s.opts, &cutOff{Source: s.opts.Source, left: 1 << 30}
	o.Source = again
	result, err := indexer.NewReindexer(o).Run(t.Context(), noProgress)
	if err != nil {
		t.Fatal(err)
	}
	if !result.Resumed || result.Index != left.Name || again.asked[0] != left.Meta.BuiltTo {
		t.Errorf("%+v; it read from %d on, want %d", result, again.asked[0], left.Meta.BuiltTo)
	}
	wg.Wait()
	s.mustEqual()
}

// What another definition left is not gone on with.
func TestALeftoverOfAnotherDefinitionGoes(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(1000)
	s.started()
	left := s.interrupted(s.judging(crippled(), indexer.Judging{}))
	result, err := indexer.NewReindexer(s.opts).Run(t.Context(), noProgress)
	if err != nil || result.Resumed {
		t.Errorf("%+v, %v", result, err)
	}
	versions, err := s.engine.Indices(t.Context())
	if err != nil || len(versions) != 2 || !versions[0].Current || !versions[1].Current || !versions[1].Meta.CreatedAt.After(left.Meta.CreatedAt) {
		t.Errorf("%+v, %v", versions, err)
	}
	s.mustEqual()
}

// A reindex that was killed between the making of one part of its version and of the
// other leaves what the next one removes.
func TestHalfALeftoverGoes(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(300)
	s.started()
	left := s.interrupted(s.opts)
	testkit.ESRequest(t, "DELETE", s.node+"/"+strings.Replace(left.Name, "-products-", "-titles-", 1), "")
	result, err := indexer.NewReindexer(s.opts).Run(t.Context(), noProgress)
	if err != nil || result.Resumed {
		t.Errorf("%+v, %v", result, err)
	}
	s.mustEqual()
}

// An indexer that has to build anew does not go on with a reindex's version, to
// which somebody may be writing: it goes with the others.
func TestABuildTakesUpNoReindex(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(1000)
	s.started()
	left := s.interrupted(s.opts)
	testkit.ESRequest(t, "DELETE", s.node+"/"+s.live().Name, "")
	s.builtAnew(left)
	s.mustEqual()
}

func TestASecondReindexIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(500)
	s.started()
	begun, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		_, err := indexer.NewReindexer(s.opts).Run(t.Context(), func(indexer.Step, int64, int64) {
			once.Do(func() { close(begun); <-goOn })
		})
		ended <- err
	}()
	<-begun
	if _, err := indexer.NewReindexer(s.opts).Run(t.Context(), noProgress); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second one ran: %v", err)
	}
	if _, err := indexer.NewReindexer(s.opts).Rollback(t.Context()); !fault.Is(err, fault.Conflict) {
		t.Errorf("a roll-back ran: %v", err)
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Errorf("the first: %v", err)
	}
	s.mustEqual()
}

// A throttled build takes its time.
func TestAThrottledReindex(t *testing.T) {
	t.Parallel()
	s := newShop(t).stock(500)
	s.started()
	o := s.opts
	o.Throttle = 500
	begun := time.Now()
	if _, err := indexer.NewReindexer(o).Run(t.Context(), noProgress); err != nil || time.Since(begun) < 900*time.Millisecond {
		t.Errorf("500 documents at 500 a second took %s, %v", time.Since(begun), err)
	}
}
