package elasticsearch

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"aforro/pkg/search"
)

// scripted answers by path.
type scripted map[string]string

func (s scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	_, action, _ := strings.Cut(r.URL.Path, "/_")
	answer, ok := s[action]
	status := http.StatusOK
	if !ok {
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Header: http.Header{"X-Elastic-Product": {"Elasticsearch"}}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// What fails among several searches is asked again by itself; an answer too few is
// an error.
func TestSearchesSentAtOnce(t *testing.T) {
	t.Parallel()
	p := search.Params{Query: "lamp"}
	ask := func(s scripted) (first, second searchAnswer, err error) {
		c, err := New(Options{URLs: "http://localhost:9200", Transport: s})
		if err != nil {
			t.Fatal(err)
		}
		err = c.askAll(t.Context(), "test", p, question{covered(p), &first}, question{nearestTo(p, []string{"lamp"}), &second})
		return first, second, err
	}
	const found, away = `{"status":200,"hits":{"total":{"value":3}}}`, `{"status":503,"error":{"type":"no_shard_available_action_exception"}}`
	alone := `{"hits":{"hits":[{"_id":"7","matched_queries":["lamp"]}]}}`
	first, second, err := ask(scripted{"msearch": `{"responses":[` + found + `,` + away + `]}`, "search": alone})
	if err != nil {
		t.Fatal(err)
	}
	if kept, _ := second.having([]string{"lamp"}); first.Hits.Total.Value != 3 || len(kept) != 1 {
		t.Errorf("%+v, %+v", first, second)
	}
	for name, s := range map[string]scripted{
		"one answer too few": {"msearch": `{"responses":[` + found + `]}`},
		"alone it fails too": {"msearch": `{"responses":[` + found + `,` + away + `]}`},
		"no JSON":            {"msearch": `{"responses":[`},
		"all fail":           {},
	} {
		if _, _, err := ask(s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
