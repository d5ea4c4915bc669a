package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"aforro/pkg/config"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md and, by the test in a browser, docs/images")

// configurationDoc is written by `make generate`.
const configurationDoc = "../../docs/configuration.md"

func TestConfigurationIsDocumented(t *testing.T) {
	t.Parallel()
	want, err := command(t, nil, "config", "--markdown")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(configurationDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(configurationDoc)
	if err != nil || string(got) != want {
		t.Errorf("docs/configuration.md is not up to date: make generate (%v)", err)
	}
	for _, s := range config.Settings() {
		if !strings.Contains(string(got), "`"+s.Env+"`") {
			t.Errorf("%s is not documented", s.Env)
		}
	}
}

func TestConfigHidesSecrets(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2hunter2hunter2hunter2"
	out, err := command(t, map[string]string{
		postgresURL: "postgres://shop:" + secret + "@db/shop", redisURL: "redis://:" + secret + "@cache:6379/1",
		elasticsearchURL: "https://a:" + secret + "@one:9200,https://a:" + secret + "@two:9200",
		tokenSecret:      secret, "AFORRO_STAFF_KEY": secret, "AFORRO_BULK_SIZE": "77",
	}, "config")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out, secret) {
		t.Errorf("a secret is shown:\n%s", out)
	}
	shown := map[string]string{}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(line, " ")
		shown[name] = strings.TrimSpace(value)
	}
	for name, want := range map[string]string{
		postgresURL: "postgres://shop:xxxxx@db/shop", tokenSecret: "(hidden)", "AFORRO_STAFF_KEY": "(hidden)",
		"AFORRO_BULK_SIZE": "77", "AFORRO_SEARCH_CACHE": "1m0s", "AFORRO_CACHE_REDIS_URL": "",
	} {
		if shown[name] != want {
			t.Errorf("%s is shown as %q, want %q", name, shown[name], want)
		}
	}
}

// Whatever a command needs is missing or wrong: one run names all of it, and
// the exit code says that it failed.
func TestEveryBadSettingIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	for role, needed := range map[string][]string{
		"api":     {postgresURL, redisURL, elasticsearchURL, tokenSecret},
		"worker":  {postgresURL, redisURL},
		"indexer": {postgresURL, elasticsearchURL},
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			cmd := process(role, "--http-addr=8000", "--log-level=loud", "--stop-grace=1h")
			cmd.Env = append(withoutSettings(cmd.Env), "AFORRO_INDEX_PREFIX=Ü", "AFORRO_BULKSIZE=5")
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("it ended with %v", err)
			}
			wrong := []string{"AFORRO_HTTP_ADDR", "AFORRO_LOG_LEVEL", "AFORRO_STOP_GRACE", "AFORRO_INDEX_PREFIX", "AFORRO_BULKSIZE"}
			for _, name := range append(wrong, needed...) {
				if strings.Count(string(out), name) != 1 {
					t.Errorf("%s is not named once in:\n%s", name, out)
				}
			}
		})
	}
}

// withoutSettings drops settings that the environment of the tests may have.
func withoutSettings(env []string) []string {
	var left []string
	for _, pair := range env {
		if !strings.HasPrefix(pair, "AFORRO_") || strings.HasPrefix(pair, "AFORRO_TEST_") {
			left = append(left, pair)
		}
	}
	return left
}
