package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"aforro/demo"
	"aforro/pkg/elasticsearch"
	"aforro/pkg/lifecycle"
	"aforro/pkg/postgres"
	"aforro/pkg/stack"
)

// ground is what all measurements stand on: durable services of the bench's
// own, started from empty data, and the binary under test.
type ground struct {
	dir      string
	services *stack.Stack
	binary   string
	// shop is the running product with the demo catalogue; started when needed.
	shop *shop
	// million is the large catalogue with its indexer; made when needed.
	million *large
	// market is what orders are placed on; made when needed.
	market *market
	pace   pace
}

const binary = "bin/aforro"

// noSearch is an address where nobody listens: orders need no Elasticsearch.
const noSearch = "http://127.0.0.1:1"

// newGround starts the services, Elasticsearch only if search is wanted: it
// takes longest, and memory, and some processor time even when it is idle.
func newGround(ctx context.Context, search bool) (*ground, error) {
	path, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%s is missing: run `make bench`, which builds it", binary)
	}
	dir, err := os.MkdirTemp("", "aforro-bench-")
	if err != nil {
		return nil, err
	}
	g := &ground{dir: dir, binary: path}
	if err := os.Chmod(dir, 0o755); err != nil {
		return g, err
	}
	options := stack.Options{DataDir: filepath.Join(dir, "services"), Out: os.Stdout, FreePorts: true}
	if !search {
		options.ElasticsearchURL = noSearch
	}
	g.services, err = stack.Start(ctx, options)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return g, nil
}

// needSearch starts Elasticsearch unless it runs.
func (g *ground) needSearch(ctx context.Context) error {
	s := g.services
	if s.Elasticsearch != nil {
		return nil
	}
	var err error
	s.Elasticsearch, err = stack.StartElasticsearch(ctx, stack.ServiceOptions{Dir: filepath.Join(s.DataDir, "elasticsearch"), Out: os.Stdout})
	if err != nil {
		s.Elasticsearch = nil
		return err
	}
	s.ElasticsearchURL = s.Elasticsearch.URL()
	return nil
}

func (g *ground) close(ctx context.Context) error {
	var err error
	if g.shop != nil {
		err = g.shop.stop()
	}
	if g.million != nil {
		err = errors.Join(err, g.million.stop())
	}
	if g.market != nil {
		err = errors.Join(err, g.market.session.end())
	}
	return errors.Join(err, g.services.Stop(ctx), os.RemoveAll(g.dir))
}

// psql runs SQL on a database of the bench's server, as a person would.
func (g *ground) psql(ctx context.Context, dbURL, sql string) (string, error) {
	cmd := exec.CommandContext(ctx, "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", dbURL)
	cmd.Stdin = strings.NewReader(sql)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("psql: %w: %s", err, said.String())
	}
	return strings.TrimSpace(out.String()), nil
}

// database makes an empty, migrated database and gives its URL.
func (g *ground) database(ctx context.Context, name string) (string, error) {
	if _, err := g.psql(ctx, g.services.PostgresURL, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	u, err := url.Parse(g.services.PostgresURL)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), postgres.Migrate(ctx, u.String())
}

// shop is a running `aforro up` on the bench's services.
type shop struct {
	cmd    *exec.Cmd
	base   string
	db     *postgres.DB
	dbURL  string
	engine *elasticsearch.Client
}

// shopAndTitles is the running product and the titles of what it sells.
func (g *ground) shopAndTitles(ctx context.Context) (*shop, []string, error) {
	s, err := g.theShop(ctx)
	if err != nil {
		return nil, nil, err
	}
	list, err := titles()
	return s, list, err
}

// theShop starts the product once and returns when it is ready.
func (g *ground) theShop(ctx context.Context) (*shop, error) {
	if g.shop != nil {
		return g.shop, nil
	}
	dbURL, err := g.database(ctx, "shop")
	if err != nil {
		return nil, err
	}
	s := &shop{dbURL: dbURL}
	if s.db, err = postgres.Open(ctx, dbURL, postgres.Options{ApplicationName: "aforro-bench"}); err != nil {
		return nil, err
	}
	if _, err := demo.Load(ctx, s.db, nil); err != nil {
		return nil, err
	}
	if s.engine, err = elasticsearch.New(elasticsearch.Options{URLs: g.services.ElasticsearchURL, IndexPrefix: "shop"}); err != nil {
		return nil, err
	}
	g.shop = s
	return s, s.start(ctx, g)
}

// start runs `aforro up` with more flags and returns when it is ready.
func (s *shop) start(ctx context.Context, g *ground, more ...string) error {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	s.base = "http://" + addr
	s.cmd = exec.CommandContext(ctx, g.binary, append([]string{"up", "--no-demo", "--http-addr", addr, "--data-dir", filepath.Join(g.dir, "shop"),
		"--postgres-url", s.dbURL, "--redis-url", g.services.RedisURL, "--elasticsearch-url", g.services.ElasticsearchURL,
		"--index-prefix", "shop", "--slot", "shop"}, more...)...)
	s.cmd.Env = append(os.Environ(), "AFORRO_STAFF_KEY="+staffKey)
	s.cmd.Stderr = os.Stderr
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 20 * time.Second
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return awaitReady(ctx, s.base)
}

// another starts one more API on the shop's services, with more flags.
func (s *shop) another(ctx context.Context, g *ground, more ...string) (*process, error) {
	return g.api(ctx, append([]string{"--postgres-url", s.dbURL, "--redis-url", g.services.RedisURL, "--elasticsearch-url", g.services.ElasticsearchURL,
		"--index-prefix", "shop", "--slot", "shop"}, more...))
}

// api starts an API and returns when it is ready.
func (g *ground) api(ctx context.Context, flags []string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, g.binary, append([]string{"api", "--http-addr", addr, "--rate-limit", "0"}, flags...)...), base: "http://" + addr}
	p.cmd.Env = append(os.Environ(), "AFORRO_TOKEN_SECRET="+strings.Repeat(staffKey, 4))
	return p, p.start(ctx, "/readyz")
}

func (s *shop) stop() error {
	s.db.Close()
	return s.end()
}

// end stops the product; start may run it again.
func (s *shop) end() error {
	if s.cmd == nil || s.cmd.Process == nil {
		return nil
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitReady returns when /readyz says so.
func awaitReady(ctx context.Context, base string) error { return awaitOK(ctx, base+"/readyz") }

// awaitOK returns when the address answers 200.
func awaitOK(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			if err := resp.Body.Close(); err == nil && resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if err := lifecycle.Sleep(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("the product did not become ready: %w", err)
		}
	}
}
