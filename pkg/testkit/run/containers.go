package main

import (
	"context"
	"errors"
	"os"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/elasticsearch"
	"github.com/testcontainers/testcontainers-go/modules/postgres"
	"github.com/testcontainers/testcontainers-go/modules/redis"
	"golang.org/x/sync/errgroup"
)

func image(name, official string) string {
	if v := os.Getenv("AFORRO_TEST_" + name + "_IMAGE"); v != "" {
		return v
	}
	return official
}

// startContainers starts the three services as containers, side by side. The
// official images are used unless AFORRO_TEST_{POSTGRES,REDIS,ELASTICSEARCH}_IMAGE
// name others.
func startContainers(ctx context.Context) (where addresses, stop func(context.Context) error, err error) {
	var pg *postgres.PostgresContainer
	var rd *redis.RedisContainer
	var es *elasticsearch.ElasticsearchContainer
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() (err error) { pg, where.postgres, err = startPostgres(ctx); return err })
	all.Go(func() (err error) { rd, where.redis, err = startRedis(ctx); return err })
	all.Go(func() (err error) { es, where.elasticsearch, err = startElasticsearch(ctx); return err })
	err = all.Wait()
	return where, func(ctx context.Context) error {
		var errs []error
		if pg != nil {
			errs = append(errs, pg.Terminate(ctx))
		}
		if rd != nil {
			errs = append(errs, rd.Terminate(ctx))
		}
		if es != nil {
			errs = append(errs, es.Terminate(ctx))
		}
		return errors.Join(errs...)
	}, err
}

// startPostgres: many tests follow their own databases at once, so it has many
// slots; durability is not what these tests are about.
func startPostgres(ctx context.Context) (*postgres.PostgresContainer, string, error) {
	c, err := postgres.Run(ctx, image("POSTGRES", "postgres:15"),
		postgres.WithUsername("aforro"), postgres.WithPassword("aforro"), postgres.WithDatabase("aforro"),
		testcontainers.WithCmdArgs("-c", "wal_level=logical", "-c", "max_replication_slots=200", "-c", "max_wal_senders=200",
			"-c", "max_connections=500", "-c", "shared_buffers=256MB", "-c", "fsync=off"),
		postgres.BasicWaitStrategies())
	if err != nil {
		return c, "", err
	}
	url, err := c.ConnectionString(ctx, "sslmode=disable")
	return c, url, err
}

func startRedis(ctx context.Context) (*redis.RedisContainer, string, error) {
	c, err := redis.Run(ctx, image("REDIS", "redis:7.0"),
		testcontainers.WithCmdArgs("--databases", "1024", "--maxmemory", "256mb", "--maxmemory-policy", "noeviction"))
	if err != nil {
		return c, "", err
	}
	url, err := c.ConnectionString(ctx)
	return c, url, err
}

func startElasticsearch(ctx context.Context) (*elasticsearch.ElasticsearchContainer, string, error) {
	c, err := elasticsearch.Run(ctx, image("ELASTICSEARCH", "docker.elastic.co/elasticsearch/elasticsearch:8.19.13"),
		testcontainers.WithEnv(map[string]string{
			"xpack.security.enabled": "false", "ES_JAVA_OPTS": "-Xms1g -Xmx1g", "cluster.max_shards_per_node": "5000",
		}))
	if err != nil {
		return c, "", err
	}
	return c, c.Settings.Address, nil
}
