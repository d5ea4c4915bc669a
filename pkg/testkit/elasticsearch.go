package testkit

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Elasticsearch returns the shared node's URL and a prefix for index names of
// the test's own. Whatever begins with the prefix is deleted at the test's end.
func Elasticsearch(tb testing.TB) (nodeURL, prefix string) {
	tb.Helper()
	nodeURL = strings.TrimRight(mustEnv(tb, EnvElasticsearch), "/")
	prefix = Unique(tb)
	tb.Cleanup(func() { deleteIndices(tb, nodeURL, prefix) })
	return nodeURL, prefix
}

func deleteIndices(tb testing.TB, nodeURL, prefix string) {
	var found []struct {
		Index string `json:"index"`
	}
	body := ESRequest(tb, http.MethodGet, nodeURL+"/_cat/indices/"+prefix+"*?format=json&h=index&expand_wildcards=all", "")
	if err := json.Unmarshal(body, &found); err != nil {
		tb.Logf("list indices to delete: %v in %.200s", err, body)
	}
	for _, i := range found {
		ESRequest(tb, http.MethodDelete, nodeURL+"/"+i.Index, "")
	}
}

// ESRequest sends one plain request to Elasticsearch and returns the body of
// the answer, whatever its status.
func ESRequest(tb testing.TB, method, target, body string) []byte {
	tb.Helper()
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, req.URL.Path, err)
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, req.URL.Path, err)
	}
	if err := resp.Body.Close(); err != nil {
		tb.Logf("close an answer: %v", err)
	}
	return answer
}
