package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"aforro/cmd/internal/trial"
	"aforro/pkg/stack"
)

// readyPatience bounds the building of the first index.
const readyPatience = 2 * time.Minute

// ground is what a run stands on, with the addresses of its APIs.
type ground struct {
	*trial.Ground
	apis []string
	// caused are the faults that there were.
	caused []fault
	// deliveries that were made, and those that did not get through.
	deliveries, undelivered int
}

// open makes the schema and the catalogue, and starts the processes.
func (g *ground) open(ctx context.Context) (goods, error) {
	g.Direct["AFORRO_TOKEN_SECRET"], g.Direct["AFORRO_STAFF_KEY"] = rand.Text()+rand.Text(), rand.Text()
	if _, err := g.Aforro(ctx, "migrate"); err != nil {
		return goods{}, err
	}
	all, err := g.stock(ctx)
	if err != nil {
		return all, err
	}
	for _, p := range [][2]string{{"api-1", "api"}, {"api-2", "api"}, {"worker-1", "worker"}, {"worker-2", "worker"}, {"indexer", "indexer"}} {
		if err := g.addProcess(ctx, p[0], p[1]); err != nil {
			return all, err
		}
	}
	return all, g.awaitReady(ctx)
}

// addProcess starts a process that reaches the services through its role's links.
func (g *ground) addProcess(ctx context.Context, name, role string) error {
	settings, err := g.Detour(role)
	if err != nil {
		return err
	}
	if role == "api" {
		port, err := stack.QuietPort(ctx)
		if err != nil {
			return err
		}
		settings["AFORRO_HTTP_ADDR"] = fmt.Sprintf("127.0.0.1:%d", port)
		g.apis = append(g.apis, "http://"+settings["AFORRO_HTTP_ADDR"])
	}
	_, err = g.Run(name, settings, role)
	return err
}

// awaitReady waits until both APIs are ready, and so is the index.
func (g *ground) awaitReady(ctx context.Context) error {
	for _, base := range g.apis {
		ready := trial.Until(ctx, readyPatience, 100*time.Millisecond, func(ctx context.Context) bool {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
			if err != nil {
				return false
			}
			resp, err := http.DefaultClient.Do(req)
			return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
		})
		if !ready {
			return fmt.Errorf("%s is not ready after %s; logs are in %s", base, readyPatience, g.Logs)
		}
	}
	return nil
}
