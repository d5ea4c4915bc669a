package testkit

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"testing"
)

// The variables that say where the shared services are.
const (
	EnvPostgres      = "AFORRO_TEST_POSTGRES_URL"
	EnvRedis         = "AFORRO_TEST_REDIS_URL"
	EnvElasticsearch = "AFORRO_TEST_ELASTICSEARCH_URL"
)

func mustEnv(tb testing.TB, name string) string {
	tb.Helper()
	v := os.Getenv(name)
	if v == "" {
		tb.Fatalf("%s is not set: run `make test`, which starts the services, or set it to a running one", name)
	}
	return v
}

// Unique returns a name that no other test has: "t_" and 12 hex digits.
func Unique(tb testing.TB) string {
	tb.Helper()
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil {
		tb.Fatal(err)
	}
	return "t_" + hex.EncodeToString(b[:])
}
