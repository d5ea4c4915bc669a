package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const redisConfig = "redis.conf"

var redisTraits = traits{
	name: redisName, title: "Redis",
	stop:    syscall.SIGTERM, // saves, then ends
	grace:   20 * time.Second,
	startup: 60 * time.Second,
}

type redisServer struct{ path string }

// StartRedis starts a Redis of its own in opts.Dir: append-only, password required, 512 databases, and bounded memory
// without eviction, as a queue lives in it. As root, the package is installed where missing.
func StartRedis(ctx context.Context, opts ServiceOptions) (*Service, error) {
	if err := ensurePackages(ctx, NewReporter(opts.Out), needRedis); err != nil {
		return nil, err
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("looking for redis-server: %w", err)
	}
	return startService(ctx, redisServer{path: path}, opts)
}

func (r redisServer) traits() traits { return redisTraits }

func (r redisServer) url(inst *instance) string {
	return fmt.Sprintf("redis://:%s@%s/0", inst.password, address(inst.port))
}

func (r redisServer) prepare(_ context.Context, inst *instance) error {
	if err := inst.runAs.own(inst.path("data")); err != nil {
		return err
	}
	return inst.runAs.writeFile(inst.path("data", redisConfig), renderRedis(inst))
}

func (r redisServer) command(inst *instance) command {
	data := inst.path("data")
	return command{path: r.path, args: []string{inst.path("data", redisConfig)}, dir: data}
}

// ready asks PING; while Redis reads its log it answers LOADING instead.
func (r redisServer) ready(ctx context.Context, inst *instance) (err error) {
	var dialer net.Dialer
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp4", address(inst.port))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if deadline, ok := ctx.Deadline(); ok {
		err = conn.SetDeadline(deadline)
	}
	if _, writeErr := fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", inst.password); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	return errors.Join(err, expectPong(bufio.NewReader(conn)))
}

func expectPong(answers *bufio.Reader) error {
	for _, wanted := range []string{"+OK", "+PONG"} {
		answer, err := answers.ReadString('\n')
		if err != nil {
			return err
		}
		if answer = strings.TrimSpace(answer); answer != wanted {
			return errors.New("it answers " + answer)
		}
	}
	return nil
}

// renderRedis is the whole configuration.
func renderRedis(inst *instance) string {
	base := map[string]string{
		"bind":             loopback,
		"port":             strconv.Itoa(inst.port),
		"dir":              inst.path("data"),
		"requirepass":      inst.password,
		"databases":        "512",
		"appendonly":       "yes",
		"appendfsync":      "everysec",
		"maxmemory":        "512mb",
		"maxmemory-policy": "noeviction", // evicting a queued task would lose it
		"daemonize":        "no",
		"set-proc-title":   "no", // the command line must go on naming our folder
	}
	if inst.volatile {
		base = merged(base, map[string]string{"appendonly": "no"})
	}
	settings := render(merged(base, inst.settings), " ", quoteDouble)
	return "# Written at every start; changes here are lost.\nsave \"\"\n" + settings
}
