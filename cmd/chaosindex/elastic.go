package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// requestPatience bounds one request to Elasticsearch: deleting every document of
// every index takes longest.
const requestPatience = 30 * time.Second

// request sends JSON to Elasticsearch and reads the answer into into, unless nil.
func request(ctx context.Context, method, target, body string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, requestPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask Elasticsearch: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask Elasticsearch: %w", err)
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return fmt.Errorf("read Elasticsearch's answer: %w", err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %s: %.300s", method, req.URL.Path, resp.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// indices lists every index of the product.
func (g *ground) indices(ctx context.Context) (names []string, err error) {
	var found []struct{ Index string }
	err = request(ctx, "GET", g.Engine.URL()+"/_cat/indices/"+everyIndex+"?format=json&h=index&expand_wildcards=all", "", &found)
	for _, f := range found {
		names = append(names, f.Index)
	}
	return names, err
}

// searchable reports whether a search of the live index finds the GTIN.
func (g *ground) searchable(ctx context.Context, gtin string) bool {
	var found struct {
		Hits struct{ Total struct{ Value int } }
	}
	err := request(ctx, "POST", g.Engine.URL()+"/"+live+"/_search", fmt.Sprintf(`{"size": 0, "query": {"term": {"gtin": %q}}}`, gtin), &found)
	return err == nil && found.Hits.Total.Value > 0
}
