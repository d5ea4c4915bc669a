package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"aforro/pkg/lifecycle"
)

// Environment is ours without what is set for the product, and the settings.
func Environment(settings map[string]string) (env []string) {
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

// Until asks ok every so often until it says true, and reports whether it did.
func Until(ctx context.Context, most, every time.Duration, ok func(context.Context) bool) bool {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for !ok(ctx) {
		if lifecycle.Sleep(ctx, every) != nil {
			return false
		}
	}
	return true
}

// Aforro runs a command of the product and returns what it printed.
func (g *Ground) Aforro(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, g.Binary, args...)
	cmd.Env = Environment(g.Direct)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("aforro %s: %w: %s", args[0], err, said.String())
	}
	return out.String(), nil
}

// PSQL runs SQL, as a person would.
func (g *Ground) PSQL(ctx context.Context, sql string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", g.Postgres.URL())
	cmd.Stdin = strings.NewReader(sql)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("psql: %w: %s", err, said.String())
	}
	return out.Bytes(), nil
}

// Rows hands each row of a query that gives JSON to fn.
func Rows[T any](ctx context.Context, g *Ground, sql string, fn func(T)) error {
	out, err := g.PSQL(ctx, sql)
	if err != nil {
		return err
	}
	for row := range bytes.Lines(out) {
		var v T
		if err := json.Unmarshal(row, &v); err != nil {
			return fmt.Errorf("read %q: %w", row, err)
		}
		fn(v)
	}
	return nil
}
