package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

const freshChanges = 200

// benchFresh makes single stock changes through one psql and asks search,
// uncached, until it shows each.
func benchFresh(ctx context.Context, g *ground) error {
	s, err := g.theShop(ctx)
	if err != nil {
		return err
	}
	lines, err := g.psql(ctx, s.dbURL, "SELECT i.store_id, i.product_id, p.sku FROM inventory i JOIN products p ON p.id = i.product_id ORDER BY hashint8(i.product_id), i.store_id LIMIT 200")
	if err != nil {
		return err
	}
	session, err := startPsql(ctx, s.dbURL)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var took []time.Duration
	for line := range strings.Lines(lines) {
		parts := strings.SplitN(strings.TrimSpace(line), "|", 3)
		d, err := oneChange(ctx, session, s.base, parts[0], parts[1], parts[2], 1000+rng.IntN(1_000_000))
		if err != nil {
			return err
		}
		took = append(took, d)
	}
	if err := session.end(); err != nil {
		return err
	}
	slices.Sort(took)
	r := result{latencies: took}
	bar("psql change until search shows it", fmt.Sprintf("p50 %s, p99 %s of %d", ms(r.percentile(50)), ms(r.percentile(99)), len(took)), "p99 <= 2 s", r.percentile(99) <= 2*time.Second && len(took) == freshChanges)
	return nil
}

func oneChange(ctx context.Context, session *psqlSession, base, store, product, sku string, quantity int) (time.Duration, error) {
	sql := fmt.Sprintf("UPDATE inventory SET quantity = %d WHERE store_id = %s AND product_id = %s;\n", quantity, store, product)
	if err := session.run(sql); err != nil {
		return 0, err
	}
	begun := time.Now()
	for time.Since(begun) < 30*time.Second {
		shown, err := shownQuantity(ctx, base, store, product, sku)
		if err != nil {
			return 0, err
		}
		if shown == quantity {
			return time.Since(begun), nil
		}
	}
	return 0, fmt.Errorf("the change of product %s in store %s was not shown within 30 s", product, store)
}

// shownQuantity is what search says that the store has; -1 when it does not
// show the product.
func shownQuantity(ctx context.Context, base, store, product, sku string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/search/products/", nil)
	if err != nil {
		return 0, err
	}
	q := req.URL.Query()
	q.Set("q", sku)
	q.Set("store_id", store)
	q.Set("page_size", "100")
	req.URL.RawQuery = q.Encode()
	req.Header.Set("Cache-Control", "no-cache")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	var page struct {
		Results []struct {
			ID       int64 `json:"id"`
			Quantity int   `json:"inventory_quantity"`
		} `json:"results"`
	}
	err = json.NewDecoder(resp.Body).Decode(&page)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	for _, r := range page.Results {
		if strconv.FormatInt(r.ID, 10) == product {
			return r.Quantity, err
		}
	}
	return -1, err
}

// psqlSession is one running psql that is told what to do line by line.
type psqlSession struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startPsql(ctx context.Context, dbURL string) (*psqlSession, error) {
	cmd := exec.CommandContext(ctx, "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", dbURL)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &psqlSession{cmd, in, bufio.NewScanner(out)}, cmd.Start()
}

// run returns when the statement is committed.
func (s *psqlSession) run(sql string) error {
	_, err := s.ask(sql)
	return err
}

// ask gives the rows of the answer, their columns separated by |.
func (s *psqlSession) ask(sql string) (rows []string, err error) {
	if _, err := io.WriteString(s.in, sql+"\\echo done\n"); err != nil {
		return nil, fmt.Errorf("ask psql: %w", err)
	}
	for s.out.Scan() {
		if s.out.Text() == "done" {
			return rows, nil
		}
		rows = append(rows, s.out.Text())
	}
	return nil, fmt.Errorf("psql did not carry out %q", sql)
}

func (s *psqlSession) end() error {
	if err := s.in.Close(); err != nil {
		return err
	}
	return s.cmd.Wait()
}
