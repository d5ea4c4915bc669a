package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// request is one HTTP request of a load.
type request struct {
	method, url, body string
	header            map[string]string
}

// result is what one load saw.
type result struct {
	perSecond float64
	latencies []time.Duration // sorted
	failed    int64
	firstFail string
}

// percentile is the p-th percentile (0..100) of the latencies.
func (r result) percentile(p float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	i := int(float64(len(r.latencies)-1) * p / 100)
	return r.latencies[i]
}

// load runs jobs on n connections until all are done or the time is up. Each
// job is a chain of requests sent one after the other, as one search may ask
// its engine more than once; it counts as one.
func load(ctx context.Context, n int, jobs [][]request, limit time.Duration) result {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n, MaxConnsPerHost: n, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var next, failed atomic.Int64
	var mu sync.Mutex
	var out result
	var wg sync.WaitGroup
	begun := time.Now()
	for range n {
		wg.Go(func() {
			var own []time.Duration
			for {
				i := next.Add(1) - 1
				if i >= int64(len(jobs)) || ctx.Err() != nil {
					break
				}
				t := time.Now()
				err := send(ctx, client, jobs[i])
				if ctx.Err() != nil {
					break
				}
				own = append(own, time.Since(t))
				if err != nil && failed.Add(1) == 1 {
					mu.Lock()
					out.firstFail = err.Error()
					mu.Unlock()
				}
			}
			mu.Lock()
			defer mu.Unlock()
			out.latencies = append(out.latencies, own...)
		})
	}
	wg.Wait()
	took := time.Since(begun)
	slices.Sort(out.latencies)
	out.perSecond = float64(len(out.latencies)) / took.Seconds()
	out.failed = failed.Load()
	return out
}

func send(ctx context.Context, client *http.Client, chain []request) error {
	for _, r := range chain {
		req, err := http.NewRequestWithContext(ctx, r.method, r.url, strings.NewReader(r.body))
		if err != nil {
			return err
		}
		for k, v := range r.header {
			req.Header.Set(k, v)
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if closeErr := resp.Body.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
		if resp.StatusCode >= 300 {
			return fmt.Errorf("%s %s answered %d", r.method, r.url, resp.StatusCode)
		}
	}
	return nil
}
