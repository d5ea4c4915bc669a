package elasticsearch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/fault"
	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
)

// network is what addresses do: a, b, c by their host names. It notes who was
// asked for what.
type network struct {
	does map[string]func(*http.Request) (*http.Response, error)

	mu    sync.Mutex
	asked []string
	last  *http.Request
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	n.asked, n.last = append(n.asked, r.URL.Host), r
	n.mu.Unlock()
	return n.does[r.URL.Host](r)
}

// count is how often a host was asked.
func (n *network) count(host string) (times int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range n.asked {
		if h == host {
			times++
		}
	}
	return times
}

func says(status int, text string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return nil, err
			}
		}
		return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(text)), Header: http.Header{}}, nil
	}
}

func refuses(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// breaksOff answers half and ends.
func breaksOff(*http.Request) (*http.Response, error) {
	body := io.MultiReader(strings.NewReader(`{"hits":`), failing{})
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(body), Header: http.Header{}}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// MustOver makes a client of a cluster at the hosts of the network.
func MustOver(tb testing.TB, n *network) *Client {
	tb.Helper()
	var urls []string
	for host := range n.does {
		urls = append(urls, "http://"+host)
	}
	slices.Sort(urls)
	c, err := New(Options{URLs: strings.Join(urls, ","), Transport: n})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

type hosts = map[string]func(*http.Request) (*http.Response, error)

// found searches once as a shopper does.
func answered(ctx context.Context, c *Client) error {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	return c.ask(ctx, "search", esapi.SearchRequest{Index: c.live(), Preference: "q7"}, m{"size": 1}, nil)
}

var well = says(http.StatusOK, `{}`)

// Whatever one node does, the search is answered by another, in time.
func TestASearchGoesToAnotherNode(t *testing.T) {
	t.Parallel()
	for name, does := range map[string]func(*http.Request) (*http.Response, error){
		"away": refuses, "hanging": hangs, "breaking off": breaksOff, "behind a gateway": says(502, ""), "without a master": says(503, "{}"),
		"out of time": says(504, "{}"), "busy": says(429, "{}"),
		"dying in the middle":  says(500, `{"error":{"root_cause":[{"type":"node_disconnected_exception"}]}}`),
		"dead before fetching": says(404, `{"error":{"root_cause":[{"type":"search_context_missing_exception"}]}}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := &network{does: hosts{"a": does, "b": well, "c": well}}
				c := MustOver(t, n)
				for range 9 {
					begun := time.Now()
					if err := answered(t.Context(), c); err != nil || time.Since(begun) > 700*time.Millisecond {
						t.Errorf("after %s: %v", time.Since(begun), err)
					}
				}
				if n.count("a") == 0 {
					t.Error("the node was never asked: nothing was tried")
				}
			})
		})
	}
}

// A node that hangs or is away costs one request now and then, and is asked
// again when it is well.
func TestAFailedNodeRestsAndComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &network{does: hosts{"a": hangs, "b": well}}
		c := MustOver(t, n)
		for range 100 {
			if err := answered(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if asked := n.count("a"); asked < 3 || asked > 5 {
			t.Errorf("in 10 s the node was asked %d times, want 4: at once, after 1 s, 2 s and 4 s", asked)
		}
		n.does["a"] = well
		time.Sleep(mostRest)
		before := n.count("a")
		for range 20 {
			if err := answered(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if got := n.count("a") - before; got < 9 {
			t.Errorf("it is well again and was asked %d times of 20", got)
		}
	})
}

// All nodes have no shard for a moment: the search waits it out. When it lasts,
// the caller is told in time.
func TestASearchWaitsForAShard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		moving := func(r *http.Request) (*http.Response, error) {
			if time.Since(begun) > time.Second {
				return well(r)
			}
			return says(503, `{"error":{"type":"search_phase_execution_exception"}}`)(r)
		}
		n := &network{does: hosts{"a": moving, "b": moving}}
		if err := answered(t.Context(), MustOver(t, n)); err != nil {
			t.Error(err)
		}
		if len(n.asked) > 20 {
			t.Errorf("%d requests in a second", len(n.asked))
		}
		n = &network{does: hosts{"a": says(503, "{}"), "b": says(503, "{}")}}
		begun = time.Now()
		if err := answered(t.Context(), MustOver(t, n)); !fault.Is(err, fault.Unavailable) || time.Since(begun) > searchTimeout {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}

// When all are slow, asking all of them would make them slower: the second node
// gets all the time that is left.
func TestSlowNodesAreNotAskedInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(time.Second):
				return well(r)
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
		n := &network{does: hosts{"a": slow, "b": slow, "c": slow}}
		c := MustOver(t, n)
		for range 10 {
			if err := answered(t.Context(), c); err != nil {
				t.Error(err)
			}
		}
		if len(n.asked) > 20 {
			t.Errorf("%d requests for 10 searches, want two each at most", len(n.asked))
		}
	})
}

// A single node, or a refusal, is not asked in vain.
func TestWhatIsAskedOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		does hosts
		most int
	}{
		"one node without the shard": {hosts{"a": says(503, "{}")}, 1},
		"one busy node":              {hosts{"a": says(429, "{}")}, 1},
		"one node that is away":      {hosts{"a": refuses}, 2},
		"a wrong request":            {hosts{"a": says(400, "{}"), "b": says(400, "{}")}, 1},
		"no index":                   {hosts{"a": says(404, "{}"), "b": says(404, "{}")}, 1},
		"all are busy":               {hosts{"a": says(429, "{}"), "b": says(429, "{}"), "c": says(429, "{}")}, 2},
		"all are away":               {hosts{"a": refuses, "b": refuses, "c": refuses}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := &network{does: tt.does}
				begun := time.Now()
				if err := answered(t.Context(), MustOver(t, n)); err == nil || len(n.asked) > tt.most || time.Since(begun) > 0 {
					t.Errorf("asked %v in %s: %v", n.asked, time.Since(begun), err)
				}
			})
		})
	}
}

// A merge takes its time: it is not begun on another node meanwhile, and the node at
// work on it is not taken for one that hangs.
func TestAMergeIsLeftToOneNode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		merges := 0
		does := func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/_forcemerge") {
				return well(r)
			}
			merges++
			return nil, lifecycle.Sleep(r.Context(), time.Hour)
		}
		n := &network{does: hosts{"a": does, "b": does}}
		c := MustOver(t, n)
		if err := c.CompactIndex(t.Context(), "lamps"); err != nil || merges != 1 {
			t.Errorf("%d merges, %v", merges, err)
		}
		n.asked = nil
		for range 10 {
			if err := answered(t.Context(), c); err != nil {
				t.Error(err)
			}
		}
		if n.count("a") == 0 || n.count("b") == 0 {
			t.Errorf("searches went to %v", n.asked)
		}
	})
}

// A caller that goes away says nothing about the node.
func TestACallerThatGoesAwaySendsNoNodeToRest(t *testing.T) {
	t.Parallel()
	n := &network{does: hosts{"a": hangs, "b": hangs}}
	c := MustOver(t, n)
	for range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if err := answered(ctx, c); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if !c.nodes.list[0].well() || !c.nodes.list[1].well() {
		t.Error("a node rests")
	}
}

// A node that hangs may hold the copy that the preference leads to.
func TestAfterAHangAnotherCopyMayAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 2 {
			n := &network{does: hosts{"a": hangs, "b": well}}
			c := MustOver(t, n)
			for n.count("a") == 0 {
				if err := answered(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			if q := n.last.URL.Query(); q.Has("preference") || q.Get("allow_partial_search_results") != "false" {
				t.Errorf("the second node was asked with %s", q.Encode())
			}
			if err := answered(t.Context(), c); err != nil || n.last.URL.Query().Get("preference") != "q7" {
				t.Errorf("the next search went out with %s, %v", n.last.URL.RawQuery, err)
			}
		}
	})
}

// What was lent for one attempt is not read after it, as it may hold another
// request by then.
func TestABodyThatWasGivenBackIsNotRead(t *testing.T) {
	t.Parallel()
	kept := make(chan io.Reader, 1)
	n := &network{does: hosts{"a": func(r *http.Request) (*http.Response, error) {
		kept <- r.Body
		return nil, errors.New("reset")
	}, "b": well}}
	c := MustOver(t, n)
	for n.count("a") == 0 {
		request := esapi.BulkRequest{Body: bytes.NewReader([]byte("lent"))}
		if err := c.call(t.Context(), "write", request, nil); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := io.ReadAll(<-kept); !errors.Is(err, errReturned) || len(text) > 0 {
		t.Errorf("read %q, %v", text, err)
	}
}

func TestPathsAndPasswordsOfAnAddress(t *testing.T) {
	t.Parallel()
	n := &network{does: hosts{"a:1": well}}
	c, err := New(Options{URLs: "https://user:word@a:1/es/", Transport: n})
	if err != nil {
		t.Fatal(err)
	}
	if err := answered(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	user, password, _ := n.last.BasicAuth()
	if n.last.URL.Scheme != "https" || n.last.URL.Path != "/es/aforro-products/_search" || user != "user" || password != "word" {
		t.Errorf("asked %s as %s:%s", n.last.URL, user, password)
	}
	if _, err := New(Options{URLs: "http://u:secret@a:x"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a bad address: %v", err)
	}
}

// A node dies between the opening of a view and the first look: the walk begins
// on another. One that is under way is told that its view is gone.
func TestAWalkSurvivesTheDeathOfItsFirstNode(t *testing.T) {
	t.Parallel()
	const gone = `{"error":{"type":"search_context_missing_nodes_exception","root_cause":[{"type":"search_context_missing_nodes_exception"}]}}`
	opened := 0
	n := &network{does: hosts{"a": func(r *http.Request) (*http.Response, error) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/_pit"):
			opened++
			return says(200, `{"id":"view"}`)(r)
		case opened == 1:
			return says(404, gone)(r)
		}
		return says(200, `{"pit_id":"view","hits":{"hits":[{"_id":"1","sort":[1]}]}}`)(r)
	}}}
	c := MustOver(t, n)
	p := search.Params{Cursor: search.CursorStart, Sort: search.ByNewest, PageSize: 1}
	page, err := c.Search(t.Context(), p)
	if err != nil || len(page.Hits) != 1 || opened != 2 {
		t.Fatalf("%d hits after %d openings, %v", len(page.Hits), opened, err)
	}
	opened, p.Cursor = 1, page.NextCursor
	if _, err := c.Search(t.Context(), p); !fault.Is(err, fault.Gone) {
		t.Errorf("the next page: %v, want Gone", err)
	}
}
