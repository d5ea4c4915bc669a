//go:build integration

package postgres_test

import (
	"context"
	"log/slog"
	"net/url"
	"reflect"
	"sync"
	"testing"
	"time"

	"aforro/pkg/postgres"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// ear keeps what it hears.
type ear struct {
	mu    sync.Mutex
	heard []search.Progress
	lost  int
}

func (e *ear) Hear(p search.Progress) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, p)
}

func (e *ear) Lose() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost++
}

func (e *ear) all() ([]search.Progress, int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]search.Progress{}, e.heard...), e.lost
}

// listen follows a channel until the test ends.
func listen(tb testing.TB, p *postgres.Progress) *ear {
	tb.Helper()
	e := &ear{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Follow(e, slog.New(slog.DiscardHandler)).Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("Run: %v", err)
		}
	})
	return e
}

// mustReach tells numbers from first on until one is heard, and gives the number
// after it.
func mustReach(tb testing.TB, p *postgres.Progress, e *ear, epoch string) int64 {
	tb.Helper()
	sequence := int64(0)
	testkit.Eventually(tb, 20*time.Second, "the channel is heard", func() bool {
		sequence++
		if err := p.Tell(tb.Context(), search.Progress{Epoch: epoch, Sequence: sequence}); err != nil {
			return false
		}
		heard, _ := e.all()
		return len(heard) > 0 && heard[len(heard)-1].Epoch == epoch
	})
	return sequence + 1
}

func TestWhatIsToldIsHeardByAllOfTheSlot(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	ours, theirs := d.Progress("ours"), d.Progress("theirs")
	first, second, other := listen(t, ours), listen(t, ours), listen(t, theirs)
	for _, e := range []*ear{first, second} {
		mustReach(t, ours, e, testkit.Unique(t))
	}
	mustReach(t, theirs, other, "theirs")
	want := []search.Progress{
		{Epoch: "e", Sequence: 1, Visible: 1 << 40, AsOf: time.Unix(1_700_000_000, 123_000).UTC(), Changed: []int64{1, 5, 77388652}},
		{Epoch: "e", Sequence: 2, Freshness: []search.Freshness{{Kind: "price", Changes: 3, P50: time.Millisecond, P99: time.Second, Max: time.Minute}}, AsOf: time.Time{}},
		{Epoch: "e", Sequence: 3, AsOf: time.Time{}},
		{Epoch: "e", Sequence: 4, Everything: true, AsOf: time.Time{}},
	}
	for id := range int64(15_000) {
		want[2].Changed = append(want[2].Changed, id*100_000)
	}
	for _, p := range want {
		if err := ours.Tell(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range []*ear{first, second} {
		var got []search.Progress
		testkit.Eventually(t, 10*time.Second, "all is heard", func() bool {
			heard, _ := e.all()
			got = heard[max(0, len(heard)-len(want)):]
			return got[len(got)-1].Everything
		})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("heard %.400v", got)
		}
		if _, lost := e.all(); lost != 0 {
			t.Errorf("%d were lost", lost)
		}
	}
	if heard, _ := other.all(); heard[len(heard)-1].Epoch != "theirs" {
		t.Errorf("another installation hears %+v", heard[len(heard)-1])
	}
}

func TestWhatCannotBeReadIsLost(t *testing.T) {
	t.Parallel()
	dbURL := testkit.Postgres(t)
	p, conn := testkit.Open(t, dbURL).Progress("s"), testkit.Conn(t, dbURL)
	e := listen(t, p)
	next := mustReach(t, p, e, "e")
	var channel string
	testkit.Eventually(t, 10*time.Second, "the channel's name is seen", func() bool {
		return conn.QueryRow(t.Context(), `SELECT substring(query FROM '"(.*)"') FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`).Scan(&channel) == nil
	})
	mustExec(t, conn, "SELECT pg_notify('"+channel+"', 'what is this')")
	if err := p.Tell(t.Context(), search.Progress{Epoch: "e", Sequence: next}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 10*time.Second, "the next is heard, and that one was lost", func() bool {
		heard, lost := e.all()
		return lost == 1 && heard[len(heard)-1].Sequence == next
	})
}

// A server that goes, and one that just does not answer any more, is followed
// again as soon as it is back.
func TestTheChannelIsFollowedAgain(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*testkit.Proxy){"cut": (*testkit.Proxy).Cut, "mute": (*testkit.Proxy).Mute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct, err := url.Parse(testkit.Postgres(t))
			if err != nil {
				t.Fatal(err)
			}
			proxy := testkit.NewProxy(t, direct.Host)
			through := *direct
			through.Host = proxy.Addr
			tells := testkit.Open(t, direct.String()).Progress("s")
			e := listen(t, testkit.Open(t, through.String()).Progress("s"))
			mustReach(t, tells, e, "before")
			take(proxy)
			for n := range int64(20) {
				if err := tells.Tell(t.Context(), search.Progress{Epoch: "meanwhile", Sequence: n}); err != nil {
					t.Fatal(err)
				}
			}
			if heard, _ := e.all(); heard[len(heard)-1].Epoch != "before" {
				t.Error("it is heard through a proxy that passes nothing")
			}
			proxy.Heal()
			mustReach(t, tells, e, "after")
		})
	}
}
