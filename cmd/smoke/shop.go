package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// shop is the API as a client sees it.
type shop struct{ base string }

type page struct {
	Count   int `json:"count"`
	Results []struct {
		ID    int64  `json:"id"`
		Title string `json:"title"`
	} `json:"results"`
}

type product struct {
	ID           int64  `json:"id"`
	Title        string `json:"title"`
	Availability []struct {
		StoreID  int64 `json:"store_id"`
		Quantity int64 `json:"quantity"`
	} `json:"availability"`
}

type orderAnswer struct {
	ID     int64  `json:"id"`
	Status string `json:"status"`
}

var client = &http.Client{Timeout: 10 * time.Second}

// call sends one request, past the cache, and reads the answer into value.
func (s shop) call(ctx context.Context, method, path string, body, value any) (status int, err error) {
	var payload io.Reader
	if body != nil {
		content, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		payload = bytes.NewReader(content)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, payload)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Cache-Control", "no-cache")
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	content, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return response.StatusCode, err
	}
	if response.StatusCode >= 400 {
		return response.StatusCode, fmt.Errorf("%s %s: %s: %.300s", method, path, response.Status, content)
	}
	return response.StatusCode, json.Unmarshal(content, value)
}

// ready tells whether the whole of it is ready and a search finds something.
func (s shop) ready(ctx context.Context) bool {
	var anything any
	if _, err := s.call(ctx, http.MethodGet, "/readyz", nil, &anything); err != nil {
		return false
	}
	found, err := s.search(ctx, url.Values{"q": {"laptop"}})
	return err == nil && found.Count > 0
}

func (s shop) search(ctx context.Context, query url.Values) (page, error) {
	var found page
	_, err := s.call(ctx, http.MethodGet, "/api/search/products/?"+query.Encode(), nil, &found)
	return found, err
}

func (s shop) suggest(ctx context.Context, q string) ([]string, error) {
	var titles []string
	_, err := s.call(ctx, http.MethodGet, "/api/search/suggest/?q="+url.QueryEscape(q), nil, &titles)
	return titles, err
}

func (s shop) product(ctx context.Context, id int64) (product, error) {
	var p product
	_, err := s.call(ctx, http.MethodGet, fmt.Sprintf("/api/products/%d/", id), nil, &p)
	return p, err
}

// order buys and wants CONFIRMED at once.
func (s shop) order(ctx context.Context, store, product, quantity int64) error {
	body := map[string]any{"store_id": store, "items": []map[string]int64{{"product_id": product, "quantity_requested": quantity}}}
	var answer orderAnswer
	status, err := s.call(ctx, http.MethodPost, "/orders/", body, &answer)
	if err != nil {
		return err
	}
	if status != http.StatusCreated || answer.Status != "CONFIRMED" {
		return fmt.Errorf("order %d for %d of product %d in store %d: %d %s, want 201 CONFIRMED", answer.ID, quantity, product, store, status, answer.Status)
	}
	return nil
}
