package main

import (
	"context"
	"errors"
	"os"

	"aforro/pkg/stack"
)

// startNative starts the services as `aforro up` does, from empty data in a
// temporary folder that the service user can reach.
func startNative(ctx context.Context) (addresses, func(context.Context) error, error) {
	dir, err := os.MkdirTemp("", "aforro-test-")
	if err != nil {
		return addresses{}, func(context.Context) error { return nil }, err
	}
	stop := func(context.Context) error { return os.RemoveAll(dir) }
	if err := os.Chmod(dir, 0o755); err != nil {
		return addresses{}, stop, err
	}
	s, err := stack.Start(ctx, stack.Options{
		DataDir: dir, Out: os.Stdout, Volatile: true, FreePorts: true,
		PostgresSettings:      map[string]string{"max_connections": "500", "max_replication_slots": "200", "max_wal_senders": "200", "max_slot_wal_keep_size": "-1"},
		RedisSettings:         map[string]string{"databases": "1024"},
		ElasticsearchSettings: map[string]string{"cluster.max_shards_per_node": "5000"},
	})
	if err != nil {
		return addresses{}, stop, err
	}
	where := addresses{s.PostgresURL, s.RedisURL, s.ElasticsearchURL}
	return where, func(ctx context.Context) error { return errors.Join(s.Stop(ctx), os.RemoveAll(dir)) }, nil
}
