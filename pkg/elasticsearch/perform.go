package elasticsearch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"aforro/pkg/lifecycle"
)

const (
	// share is the part of the caller's time that one node may take as long as
	// another one could be asked: one that hangs must leave time for others. Only
	// the first that is given up is cut so short: should all of them be slow, asking
	// all of them would make them slower.
	share = 3
	// leastTime is never cut.
	leastTime = 200 * time.Millisecond
	// firstPause and mostPause: the rest between two rounds of asking every node.
	firstPause = 50 * time.Millisecond
	mostPause  = 400 * time.Millisecond
)

// errBody: a request that cannot be sent to a second node.
var errBody = errors.New("its body can be read only once")

// whole is an answer that has been read to its end.
type whole struct {
	*bytes.Reader
	text []byte
}

func (whole) Close() error { return nil }

// asking is one request on its way from node to node.
type asking struct {
	*nodes
	request *http.Request
	// asked are the nodes of this round.
	asked []*node
	// slow: one was given up because it took too long.
	slow bool
	// busy: one had too much to do.
	busy bool
}

// Perform sends the request to one node and, where that one is away, hangs,
// breaks off, or cannot do it now, to others. All that we send may be sent twice:
// documents have versions of their own. Searches are asked again for as long as
// their caller has time, since a shard that moves to another node is away for a
// moment everywhere. The answer is read to its end.
func (n *nodes) Perform(request *http.Request) (*http.Response, error) {
	if request.Body != nil && request.GetBody == nil {
		return nil, fmt.Errorf("send a request: %w", errBody)
	}
	a := &asking{nodes: n, request: request}
	for round := 0; ; round++ {
		response, err := a.round()
		if !a.onceMore(round, response, err) {
			return response, err
		}
		if response == nil {
			continue
		}
		if lifecycle.Sleep(request.Context(), lifecycle.Backoff(round, firstPause, mostPause)) != nil {
			return response, err
		}
	}
}

// round asks each node once, until one has answered for good.
func (a *asking) round() (response *http.Response, err error) {
	a.asked = a.asked[:0]
	for {
		node := a.next(a.asked)
		if node == nil {
			return response, err
		}
		a.asked = append(a.asked, node)
		answer, failed := a.ask(node)
		// What a node said is worth more than that another one is away.
		if failed == nil || response == nil {
			response, err = answer, failed
		}
		if !a.elsewhere(answer, failed) {
			return answer, failed
		}
	}
}

// onceMore reports whether another round is worth it. One node alone is asked
// again at once when the connection broke: it may have been restarted.
func (a *asking) onceMore(round int, response *http.Response, err error) bool {
	switch {
	case a.request.Context().Err() != nil:
		return false
	case err != nil:
		return len(a.list) == 1 && round == 0 && !a.slow
	case len(a.list) == 1:
		return round == 0 && response.StatusCode == http.StatusBadGateway
	}
	return searches(a.request) && response.StatusCode != http.StatusTooManyRequests && a.passing(response)
}

// elsewhere reports whether another node could do better. One that has too much
// to do is not the only one as a rule: only one more is asked.
func (a *asking) elsewhere(response *http.Response, err error) bool {
	switch {
	case a.request.Context().Err() != nil:
		return false
	case err != nil:
		return true
	case response.StatusCode == http.StatusTooManyRequests:
		first := !a.busy
		a.busy = true
		return first
	}
	return a.passing(response)
}

// ask sends the request to one node and reads the answer.
func (a *asking) ask(to *node) (*http.Response, error) {
	ctx, cancel := a.bound()
	defer cancel()
	body := &loan{}
	defer body.end()
	response, err := a.transport.RoundTrip(a.to(ctx, to, body))
	if err == nil {
		err = read(response)
	}
	switch {
	case err == nil:
		to.answered()
		return response, nil
	case a.request.Context().Err() == nil:
		to.failed(time.Now())
		a.slow = a.slow || ctx.Err() != nil
	}
	return nil, err
}

// bound cuts the time of an attempt short when there is somebody else to ask.
func (a *asking) bound() (context.Context, context.CancelFunc) {
	ctx := a.request.Context()
	deadline, ok := ctx.Deadline()
	if a.slow || !ok || takesTime(a.request) || !a.another(a.asked) {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, max(time.Until(deadline)/share, leastTime))
}

// to is the request as one node gets it.
func (a *asking) to(ctx context.Context, n *node, body *loan) *http.Request {
	r := a.request.Clone(ctx)
	r.URL.Scheme, r.URL.Host, r.URL.Path = n.address.Scheme, n.address.Host, strings.TrimRight(n.address.Path, "/")+r.URL.Path
	r.Host = n.address.Host
	if user := n.address.User; user != nil {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password)
	}
	if a.slow && r.URL.Query().Has("preference") {
		// The copy that the preference leads to may be on a node that hangs, for all
		// who ask: Elasticsearch is to choose one that answers.
		q := r.URL.Query()
		q.Del("preference")
		r.URL.RawQuery = q.Encode()
	}
	if get := a.request.GetBody; get != nil {
		r.GetBody = func() (io.ReadCloser, error) { return body.lend(get) }
		r.Body, _ = r.GetBody() // bytes in memory: there is nothing to fail
	}
	return r
}

// read reads the answer to its end, so that one that breaks off can be asked for
// again.
func read(response *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	response.Body = whole{bytes.NewReader(text), text}
	return nil
}

// answerOf is the text of an answer that Perform gave.
func answerOf(body io.ReadCloser) []byte { return body.(whole).text }

// searches reports whether the request is one that a shopper waits for.
func searches(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, "/_search") || strings.HasSuffix(r.URL.Path, "/_msearch") || strings.HasSuffix(r.URL.Path, "/_pit")
}

// takesTime reports whether the request must not be sent again while a node is at
// work on it: one makes an index, and a second one would be told that it is there
// already; one merges an index for as long as that takes.
func takesTime(r *http.Request) bool {
	return r.Method == http.MethodPut && !strings.Contains(r.URL.Path, "/_") || strings.HasSuffix(r.URL.Path, "/_forcemerge")
}

// passing reports whether an answer says that this node cannot do it now, and
// not that the request is wrong: a shard between two nodes, a node without a
// master, a node that died while it worked on a part of this.
func (a *asking) passing(response *http.Response) bool {
	says := func(kinds ...string) bool {
		for _, kind := range kinds {
			if bytes.Contains(answerOf(response.Body), []byte(`"`+kind+`"`)) {
				return true
			}
		}
		return false
	}
	switch response.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusInternalServerError:
		return says("node_disconnected_exception", "node_not_connected_exception", "connect_transport_exception", "node_closed_exception")
	case http.StatusNotFound:
		// The node that found the results was gone when they were to be fetched. In a
		// walk, whose path names no index, the view itself is gone.
		return a.request.URL.Path != "/_search" && says("search_context_missing_exception")
	}
	return false
}
