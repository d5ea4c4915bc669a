package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"aforro/pkg/lifecycle"
)

// environment is ours without what is set for the product, and the settings.
func environment(settings map[string]string) (env []string) {
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "AFORRO_") {
			env = append(env, e)
		}
	}
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	return env
}

// until asks ok every so often until it says true, and reports whether it did.
func until(ctx context.Context, most, every time.Duration, ok func(context.Context) bool) bool {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for !ok(ctx) {
		if lifecycle.Sleep(ctx, every) != nil {
			return false
		}
	}
	return true
}

// aforro runs a command of the product and returns what it printed.
func (g *ground) aforro(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, g.binary, args...)
	cmd.Env = environment(g.direct)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("aforro %s: %w: %s", args[0], err, said.String())
	}
	return out.String(), nil
}

// psql runs SQL, as a person would.
func (g *ground) psql(ctx context.Context, sql string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", g.postgres.URL())
	cmd.Stdin = strings.NewReader(sql)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("psql: %w: %s", err, said.String())
	}
	return out.Bytes(), nil
}
