package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"aforro/pkg/config"
)

// commands are all that the binary knows, by their path.
func commands(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		list = append(list, commands(c)...)
	}
	return list
}

func TestEveryCommandOfTheProductIsThere(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"up", "api", "indexer", "worker", "migrate", "migrate down", "migrate status", "import products", "import stock", "seed",
		"webhook list", "webhook add", "webhook remove", "webhook rotate", "webhook ping", "webhook deliveries", "webhook retry",
		"reindex", "verify", "eval", "audit", "health", "config", "version", "reset",
	} {
		cmd, left, err := root().Find(strings.Fields(path))
		if err != nil || len(left) > 0 || cmd.CommandPath() != "aforro "+path {
			t.Errorf("aforro %s: %v, %v", path, left, err)
		}
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	for _, cmd := range commands(root()) {
		path := cmd.CommandPath()
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: the short text is %q", path, cmd.Short)
		}
		if cmd.Runnable() && cmd.Example == "" {
			t.Errorf("%s has no example", path)
		}
		if cmd.Runnable() && cmd.Long == "" && cmd.Name() != "version" && cmd.Name() != "status" {
			t.Errorf("%s has no text that explains it", path)
		}
		for line := range strings.Lines(cmd.Long) {
			if len(line) > 100 {
				t.Errorf("%s: a line of its text is too wide for a terminal: %s", path, line)
			}
		}
		out, err := command(t, nil, append(strings.Fields(path)[1:], "--help")...)
		if err != nil || !strings.Contains(out, "Usage:") || !strings.Contains(out, strings.TrimSpace(cmd.Example)) {
			t.Errorf("%s --help: %v\n%s", path, err, out)
		}
	}
}

// Whatever an example shows can be typed: the command is its own, the flags and
// the arguments are right.
func TestEveryExampleIsRight(t *testing.T) {
	t.Parallel()
	for _, of := range commands(root()) {
		for line := range strings.Lines(of.Example) {
			words := strings.Fields(line[strings.LastIndex(line, "|")+1:])
			if len(words) < 2 || words[0] != "aforro" {
				t.Errorf("%s: %q is no call of aforro", of.CommandPath(), line)
				continue
			}
			cmd, left, err := root().Find(words[1:])
			if err == nil {
				err = cmd.ParseFlags(left)
			}
			if err == nil {
				err = cmd.ValidateArgs(cmd.Flags().Args())
			}
			if err != nil || cmd.CommandPath() != of.CommandPath() {
				t.Errorf("%s: %q: %v", of.CommandPath(), strings.TrimSpace(line), err)
			}
			if _, err := settings(cmd); err != nil {
				t.Errorf("%s: %q: %v", of.CommandPath(), strings.TrimSpace(line), err)
			}
		}
	}
}

func TestEverySettingIsAFlagOfEveryCommand(t *testing.T) {
	t.Parallel()
	for _, cmd := range commands(root()) {
		for _, s := range config.Settings() {
			if cmd.InheritedFlags().Lookup(s.Flag) == nil && cmd.PersistentFlags().Lookup(s.Flag) == nil {
				t.Errorf("%s has no --%s", cmd.CommandPath(), s.Flag)
			}
			if f := cmd.LocalNonPersistentFlags().Lookup(s.Flag); f != nil {
				t.Errorf("%s has a --%s of its own, which hides the setting", cmd.CommandPath(), s.Flag)
			}
		}
	}
}

func TestWrongUseIsRefused(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"an unknown command": {"upp"}, "an unknown flag": {"api", "--port", "1"}, "an argument too many": {"up", "now"},
		"a check that must hold": {"reindex", "--accept", "drift", "--reason", "x"}, "no reason": {"reindex", "--accept", "overlap"},
		"no file": {"import", "products"}, "a role that is none": {"health", "cook"}, "a number that is none": {"seed", "--products", "many"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := command(t, nil, args...); err == nil {
				t.Errorf("aforro %v was taken: %s", args, out)
			}
		})
	}
}
