package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	positionWrites  = 10_000
	positionClients = 16
	staffKey        = "a-staff-key-of-the-bench"
)

// benchIndexPositions changes whether a store has a product through the API and
// searches at once with the position of the write: what is in stock must be
// found, what is sold out must not, every time.
func benchIndexPositions(ctx context.Context, g *ground) error {
	s, err := g.theShop(ctx)
	if err != nil {
		return err
	}
	lines, err := s.positionLines(ctx)
	if err != nil {
		return err
	}
	var next, misses, stale atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var clients errgroup.Group
	for client := range positionClients {
		clients.Go(func() error {
			for n := client; next.Add(1) <= positionWrites && ctx.Err() == nil; n += positionClients {
				l := &lines[n%len(lines)]
				l.has = !l.has
				begun := time.Now()
				found, late, err := s.writeAndSearch(ctx, *l)
				if err != nil {
					return err
				}
				if late {
					stale.Add(1)
				} else if found != l.has {
					misses.Add(1)
				}
				mu.Lock()
				took = append(took, time.Since(begun))
				mu.Unlock()
			}
			return nil
		})
	}
	if err := clients.Wait(); err != nil {
		return err
	}
	slices.Sort(took)
	r := result{latencies: took}
	fmt.Printf("  write and search with its position: p50 %s, p99 %s, most %s; %d said that the index was too late\n",
		ms(r.percentile(50)), ms(r.percentile(99)), ms(r.percentile(100)), stale.Load())
	bar("write, then search with its position", fmt.Sprintf("%d of %d missed", misses.Load()+stale.Load(), len(took)), "0", misses.Load()+stale.Load() == 0 && len(took) == positionWrites)
	return nil
}

// positionLine is a line of inventory that one client flips.
type positionLine struct {
	store, product int64
	sku            string
	has            bool
}

// positionLines are lines of different products, a multiple of the clients.
func (s *shop) positionLines(ctx context.Context) (lines []positionLine, err error) {
	conn, err := startPsql(ctx, s.dbURL)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.end()) }()
	rows, err := conn.ask(`SELECT DISTINCT ON (p.id) i.store_id, p.id, i.quantity > 0, p.sku FROM products p JOIN inventory i ON i.product_id = p.id
		WHERE (SELECT count(*) FROM products q WHERE q.sku = p.sku) = 1 AND length(p.sku) > 4 ORDER BY p.id LIMIT 1600;` + "\n")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		parts := strings.SplitN(row, "|", 4)
		l := positionLine{sku: parts[3], has: parts[2] == "t"}
		if _, err := fmt.Sscan(parts[0], &l.store); err != nil {
			return nil, err
		}
		if _, err := fmt.Sscan(parts[1], &l.product); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines[:len(lines)/positionClients*positionClients], nil
}

func (s *shop) writeAndSearch(ctx context.Context, l positionLine) (found, late bool, err error) {
	quantity := 0
	if l.has {
		quantity = 7
	}
	write, err := http.NewRequestWithContext(ctx, http.MethodPatch, fmt.Sprintf("%s/stores/%d/inventory/%d/", s.base, l.store, l.product),
		strings.NewReader(fmt.Sprintf(`{"quantity": %d}`, quantity)))
	if err != nil {
		return false, false, err
	}
	write.Header.Set("Authorization", "Bearer "+staffKey)
	write.Header.Set("Content-Type", "application/json")
	header, _, err := answered(write)
	if err != nil {
		return false, false, err
	}
	position := header.Get("X-Aforro-Position")
	if position == "" {
		return false, false, errors.New("a write gave no position")
	}
	read, err := http.NewRequestWithContext(ctx, http.MethodGet,
		fmt.Sprintf("%s/api/search/products/?q=%s&store_id=%d&in_stock=true&page_size=100", s.base, url.QueryEscape(l.sku), l.store), nil)
	if err != nil {
		return false, false, err
	}
	read.Header.Set("X-Aforro-Position", position)
	header, body, err := answered(read)
	if err != nil {
		return false, false, err
	}
	var page struct{ Results []struct{ ID int64 } }
	err = json.Unmarshal(body, &page)
	return slices.ContainsFunc(page.Results, func(r struct{ ID int64 }) bool { return r.ID == l.product }), header.Get("X-Aforro-Stale") != "", err
}

func answered(req *http.Request) (http.Header, []byte, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s %s answered %d: %.200s", req.Method, req.URL, resp.StatusCode, body)
	}
	return resp.Header, body, nil
}
