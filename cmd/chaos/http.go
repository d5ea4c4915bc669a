package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// attempt bounds one request: less than the API may take, so that a key is sent
// again while the first request with it still runs.
const attempt = 4 * time.Second

// answer is what came back.
type answer struct {
	status int
	header http.Header
	order  struct {
		ID            int64
		Status, Token string
	}
	text string
}

// again reports whether a client may send the same request once more: there was
// no answer, or one that says so.
func (a answer) again(err error) bool {
	return err != nil || a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests
}

func (a answer) taken() bool {
	return a.status == http.StatusCreated || a.status == http.StatusAccepted
}

// body is the order as JSON.
func (e *entry) body() string {
	items := make([]string, len(e.lines))
	for i, l := range e.lines {
		items[i] = fmt.Sprintf(`{"product_id": %d, "quantity_requested": %d}`, l[0], l[1])
	}
	return fmt.Sprintf(`{"store_id": %d, "items": [%s]}`, e.store, strings.Join(items, ", "))
}

// request is what is sent, as often as it takes. What is empty is left out.
type request struct{ method, path, key, prefer, body string }

func post(e *entry) request {
	r := request{method: http.MethodPost, path: "/orders/", key: e.key, body: e.body()}
	if e.async {
		r.prefer = "respond-async"
	}
	return r
}

// send sends the request to one API.
func (r request) send(ctx context.Context, client *http.Client, base string) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, base+r.path, strings.NewReader(r.body))
	if err != nil {
		return a, err
	}
	for name, value := range map[string]string{"Idempotency-Key": r.key, "Prefer": r.prefer} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		return a, err
	}
	var text bytes.Buffer
	_, err = io.Copy(&text, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return a, err
	}
	a.status, a.header, a.text = resp.StatusCode, resp.Header, text.String()
	if a.status < 300 {
		err = json.Unmarshal(text.Bytes(), &a.order)
	}
	return a, err
}
