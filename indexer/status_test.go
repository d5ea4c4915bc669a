package indexer

import (
	"errors"
	"testing"

	"aforro/pkg/fault"
)

func TestStatusSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status Status
		ready  bool
		says   string
	}{
		{Status{Phase: Connecting}, false, "connecting to PostgreSQL and Elasticsearch"},
		{Status{Phase: Connecting, Problem: errors.New("dial tcp 10.0.0.1: secret")}, false, "connecting to PostgreSQL and Elasticsearch"},
		{Status{Phase: Connecting, Problem: fault.New(fault.Unavailable, "the slot waits for process 7")}, false,
			"connecting to PostgreSQL and Elasticsearch: the slot waits for process 7"},
		{Status{Phase: Building, Done: 43, Total: 100}, false, "index building, 43 %"},
		{Status{Phase: Building, Done: 43, Total: 100, Away: true}, false, "waiting for Elasticsearch, which does not answer"},
		{Status{Phase: StandingBy, Away: true}, false, "standing by: another indexer follows the changes"},
		{Status{Phase: Streaming}, true, "following changes"},
		{Status{Phase: Streaming, Away: true}, false, "waiting for Elasticsearch, which does not answer"},
	} {
		if c.status.Ready() != c.ready || c.status.String() != c.says {
			t.Errorf("%+v: ready %v, says %q; want %v, %q", c.status, c.status.Ready(), c.status, c.ready, c.says)
		}
	}
}
