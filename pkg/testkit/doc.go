// Package testkit gives each test real services that no other test can see: a
// migrated database of its own, an index prefix of its own, a Redis database
// of its own. Only tests import it.
//
// The services come from AFORRO_TEST_POSTGRES_URL, AFORRO_TEST_REDIS_URL and
// AFORRO_TEST_ELASTICSEARCH_URL, which `make test` sets. A missing one fails
// the test; it never skips. Tests share these services: one that stops, empties
// or blocks a service starts its own with package services.
package testkit
