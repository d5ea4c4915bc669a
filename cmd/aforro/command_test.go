package main

import (
	"bytes"
	"io"
	"testing"

	"aforro/pkg/config"
)

// command runs a command as main does, in this process, and returns what it
// printed. Settings are given by variable name.
func command(tb testing.TB, vars map[string]string, args ...string) (string, error) {
	tb.Helper()
	var out bytes.Buffer
	cmd := root()
	cmd.SetArgs(append(args, flags(vars)...))
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	err := cmd.ExecuteContext(tb.Context())
	return out.String(), err
}

// flags are the settings as flags.
func flags(vars map[string]string) []string {
	var list []string
	for _, s := range config.Settings() {
		if v, ok := vars[s.Env]; ok {
			list = append(list, "--"+s.Flag+"="+v)
		}
	}
	return list
}
