package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/fault"
)

// retryAfter is what callers are told to wait while Elasticsearch is away.
const retryAfter = 2 * time.Second

// call sends one request and decodes the answer into out (nil: dropped). doing
// says what for, in logs.
func (c *Client) call(ctx context.Context, doing string, request esapi.Request, out any) error {
	answer, err := c.send(ctx, doing, request)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s: read the answer: %w", doing, err)
	}
	return nil
}

// send sends one request and gives the answer.
func (c *Client) send(ctx context.Context, doing string, request esapi.Request) ([]byte, error) {
	resp, err := request.Do(ctx, c.nodes)
	if err != nil {
		return nil, away(ctx, fmt.Errorf("%s: %w", doing, err))
	}
	answer := answerOf(resp.Body)
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, refused(doing, resp.StatusCode, answer)
	}
	return answer, nil
}

// away is the fault of a cluster that does not answer. A caller that has gone
// gets its own error back.
func away(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	return unavailable(err)
}

func unavailable(err error) error {
	f := fault.Wrap(err, fault.Unavailable, "search is not available, try again shortly")
	f.RetryAfter = retryAfter
	return f
}

// serverError is what Elasticsearch says of a request that it did not carry out.
type serverError struct {
	Error struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
		Root   []struct {
			Type   string `json:"type"`
			Reason string `json:"reason"`
		} `json:"root_cause"`
	} `json:"error"`
}

// errBroke: Elasticsearch failed at this very request.
var errBroke = errors.New("the cluster broke on it")

// errView: the view that a walk reads is gone, such as with a node that held it.
var errView = errors.New("the view is gone")

// errUnmapped: the index is of an older program, and has no field of that name.
var errUnmapped = errors.New("the index is of an older program: run 'aforro reindex'")

// refused turns a status into a fault.
func refused(doing string, status int, answer []byte) error {
	var e serverError
	if err := json.Unmarshal(answer, &e); err != nil {
		e.Error.Reason = fmt.Sprintf("%.200q", answer)
	}
	cause := fmt.Errorf("%s: Elasticsearch answered %d: %s: %s", doing, status, e.Error.Type, e.Error.Reason)
	if status == http.StatusInternalServerError {
		cause = fmt.Errorf("%w: %w", errBroke, cause)
	}
	for _, root := range e.Error.Root {
		if strings.HasPrefix(root.Type, "search_context_missing") {
			cause = fmt.Errorf("%w: %w", errView, cause)
		}
		cause = fmt.Errorf("%w (%s: %s)", cause, root.Type, root.Reason)
	}
	switch {
	case status == http.StatusBadRequest && strings.Contains(cause.Error(), "no mapping found for"):
		return unavailable(fmt.Errorf("%w: %w", errUnmapped, cause))
	case status == http.StatusNotFound:
		return fault.Wrap(cause, fault.NotFound, "the search index does not hold it")
	case status == http.StatusConflict:
		return fault.Wrap(cause, fault.Conflict, "the search index holds something newer")
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return unavailable(cause)
	}
	return cause
}
