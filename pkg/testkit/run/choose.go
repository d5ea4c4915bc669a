package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"aforro/pkg/testkit"
)

func choose(ctx context.Context, wanted string) (source, error) {
	given := addresses{os.Getenv(testkit.EnvPostgres), os.Getenv(testkit.EnvRedis), os.Getenv(testkit.EnvElasticsearch)}
	fromEnv := source{"the environment", func(context.Context) (addresses, func(context.Context) error, error) {
		return given, func(context.Context) error { return nil }, nil
	}}
	complete := given.postgres != "" && given.redis != "" && given.elasticsearch != ""
	switch {
	case wanted == "env" && !complete:
		return source{}, fmt.Errorf("AFORRO_TEST_SERVICES=env wants %s, %s and %s", testkit.EnvPostgres, testkit.EnvRedis, testkit.EnvElasticsearch)
	case wanted == "env", wanted == "" && complete:
		return fromEnv, nil
	case wanted == "containers", wanted == "" && engineAnswers(ctx):
		return source{"testcontainers", startContainers}, nil
	case wanted == "native", wanted == "":
		return source{"native services", startNative}, nil
	}
	return source{}, fmt.Errorf("AFORRO_TEST_SERVICES is %q; it may be env, containers or native", wanted)
}

// engineAnswers reports whether a Docker engine can be reached.
func engineAnswers(ctx context.Context) (ok bool) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	// The library panics where it finds no engine at all.
	defer func() { ok = recover() == nil && ok }()
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return false
	}
	return provider.Health(ctx) == nil
}
