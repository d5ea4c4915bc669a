package main

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"aforro/pkg/lifecycle"
)

// byTheClock sends jobs by the clock, so many a second, on n connections. A latency
// counts from when its job was due: who waits for a connection waits too.
func byTheClock(ctx context.Context, n int, jobs [][]request, rate float64) result {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n, MaxConnsPerHost: n, DisableCompression: true}}
	defer client.CloseIdleConnections()
	took, errs := make([]time.Duration, len(jobs)), make([]error, len(jobs))
	var next atomic.Int64
	var wg sync.WaitGroup
	begun := time.Now()
	for range n {
		wg.Go(func() {
			for {
				i := int(next.Add(1) - 1)
				due := begun.Add(time.Duration(float64(i) / rate * float64(time.Second)))
				if i >= len(jobs) || lifecycle.Sleep(ctx, time.Until(due)) != nil {
					return
				}
				errs[i] = send(ctx, client, jobs[i])
				took[i] = time.Since(due)
			}
		})
	}
	wg.Wait()
	out := result{perSecond: float64(len(jobs)) / time.Since(begun).Seconds()}
	for _, err := range errs {
		if err != nil {
			if out.failed++; out.failed == 1 {
				out.firstFail = err.Error()
			}
		}
	}
	slices.Sort(took)
	out.latencies = took
	return out
}
