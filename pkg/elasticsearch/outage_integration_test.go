//go:build integration

package elasticsearch

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/search"
	"aforro/pkg/testkit"
)

// longestWait is how soon a search must say that Elasticsearch is away.
const longestWait = 2 * time.Second

// everyRead is each call that a shopper's request makes.
func everyRead(c *Client) map[string]func(context.Context) error {
	find := func(p search.Params) func(context.Context) error {
		return func(ctx context.Context) error { _, err := c.Search(ctx, filled(p)); return err }
	}
	return map[string]func(context.Context) error{
		"list": find(search.Params{}), "words": find(search.Params{Query: "lamp"}), "a deep page": find(search.Params{Page: 20_000}),
		"the last page": find(search.Params{Page: search.LastPage}), "a walk": find(search.Params{Cursor: search.CursorStart}),
		"suggest": func(ctx context.Context) error { _, err := c.Suggest(ctx, "lamp", 0); return err },
	}
}

func expectUnavailable(t *testing.T, c *Client) {
	t.Helper()
	for name, read := range everyRead(c) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			err := read(t.Context())
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.Unavailable || f.RetryAfter <= 0 || time.Since(began) > longestWait {
				t.Errorf("after %s: %v; want Unavailable with a time to wait", time.Since(began), err)
			}
			if f != nil && (strings.Contains(f.Message, "dial") || strings.Contains(f.Message, "127.0.0.1")) {
				t.Errorf("the message shows the driver's text: %s", f.Message)
			}
		})
	}
}

func TestAClosedPortIsUnavailable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	expectUnavailable(t, MustClient(t, "http://"+l.Addr().String(), "nobody"))
}

func TestAnIndexThatIsNotBuiltIsUnavailable(t *testing.T) {
	t.Parallel()
	node, prefix := testkit.Elasticsearch(t)
	c := MustClient(t, node, prefix)
	expectUnavailable(t, c)
	MustIndex(t, c)
	expectUnavailable(t, c)
}

func TestAServiceThatHangsIsUnavailableAndComesBack(t *testing.T) {
	t.Parallel()
	node, prefix := testkit.Elasticsearch(t)
	proxy := testkit.NewProxy(t, strings.TrimPrefix(node, "http://"))
	c := MustClient(t, "http://"+proxy.Addr, prefix)
	index := MustIndex(t, c)
	MustStore(t, c, index, []search.Document{document(1, "Lamp")})
	MustSwap(t, c, index)
	proxy.Mute()
	t.Run("mute", func(t *testing.T) { expectUnavailable(t, c) })
	proxy.Heal()
	testkit.Eventually(t, 5*time.Second, "searches are answered again", func() bool {
		page, err := c.Search(t.Context(), filled(search.Params{}))
		return err == nil && page.Count == 1
	})
	proxy.Cut()
	t.Run("cut", func(t *testing.T) { expectUnavailable(t, c) })
}

// Who has gone is not told that a service is away.
func TestACallerWhoHasGoneGetsItsOwnError(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, read := range everyRead(s.Client) {
		if err := read(ctx); !errors.Is(err, context.Canceled) || fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v, want the caller's own error", name, err)
		}
	}
}

// One of two addresses hangs, is cut off and comes back: every read goes on.
func TestAnotherAddressAnswers(t *testing.T) {
	t.Parallel()
	node, prefix := testkit.Elasticsearch(t)
	target := strings.TrimPrefix(node, "http://")
	one, two := testkit.NewProxy(t, target), testkit.NewProxy(t, target)
	c := MustClient(t, "http://"+one.Addr+",http://"+two.Addr, prefix)
	index := MustIndex(t, c)
	MustStore(t, c, index, []search.Document{document(1, "Lamp")})
	MustSwap(t, c, index)
	answered := func(when string) {
		t.Helper()
		for name, read := range everyRead(c) {
			// There is no such deep page: that is an answer too.
			if err := read(t.Context()); err != nil && !fault.Is(err, fault.NotFound) {
				t.Errorf("%s, %s: %v", when, name, err)
			}
		}
		if err := c.Health(t.Context()); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	for when, step := range map[string]func(){"one hangs": one.Mute, "one is cut off": one.Cut, "both are well": one.Heal} {
		step()
		answered(when)
		one.Heal()
	}
	two.Cut()
	testkit.Eventually(t, 5*time.Second, "the one that is back is asked", func() bool { return c.Health(t.Context()) == nil })
	answered("the other one is cut off")
}
