package api

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Clients that connect anew for each request and do not ask /readyz come right
// up to the closing of the listener: they are answered or refused.
func TestAStopResetsNoConnection(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for range 8 {
		_, base, stop, ended := mustRun(t, func(o *Options) { o.StopDelay, o.StopGrace = 300*time.Millisecond, time.Minute })
		for range 4 {
			all.Go(func() { untilRefused(t, base) })
		}
		all.Go(func() {
			stop()
			if err := <-ended; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	all.Wait()
}

func untilRefused(t *testing.T, base string) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		resp, err := client.Get(base + "/healthz")
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			err = errors.Join(err, resp.Body.Close())
		}
		if err != nil {
			t.Errorf("a request failed: %v", err)
			return
		}
	}
}
