package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// need is something that a package brings.
type need struct {
	title    string
	packages []string
	there    func(runAs account) bool
}

var (
	needPostgres = need{"PostgreSQL", []string{"postgresql"}, func(account) bool { return len(postgresPrograms()) > 0 }}
	needRedis    = need{"Redis", []string{"redis-server"}, func(account) bool { return inPath("redis-server") }}
	needJDK      = need{"a JDK", []string{"openjdk-17-jdk-headless"}, func(a account) bool { _, err := findJDK(a); return err == nil }}
	// Maven is for fetching Elasticsearch only.
	needMaven = need{"Maven", []string{"maven", "ca-certificates"}, func(a account) bool { return inPath("mvn") || elasticsearchFetched(a) }}
)

func inPath(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// ErrMissing says that something is not installed and that we may not install it. Its message is the remedy.
var ErrMissing = errors.New("not installed")

// ensurePackages installs what is missing in one go as root, and names the exact command otherwise.
func ensurePackages(ctx context.Context, report *Reporter, needs ...need) error {
	runAs, err := serviceAccount(ctx)
	if err != nil {
		return err
	}
	needs = slices.DeleteFunc(slices.Clone(needs), func(n need) bool { return n.there(runAs) })
	if len(needs) == 0 {
		return nil
	}
	titles, packages := titlesAndPackages(needs)
	if os.Geteuid() != 0 || !inPath("apt-get") {
		return missingError(titles, packages, inPath("apt-get"))
	}
	report.Step("Missing: %s. Installing the packages %s", titles, strings.Join(packages, " "))
	began := time.Now()
	if err := install(ctx, packages); err != nil {
		return err
	}
	report.Step("Packages installed (%s)", seconds(time.Since(began)))
	return nil
}

func titlesAndPackages(needs []need) (titles string, packages []string) {
	var names []string
	for _, n := range needs {
		names = append(names, n.title)
		packages = append(packages, n.packages...)
	}
	return strings.Join(names, ", "), packages
}

// missingError is one message with the exact command to run.
func missingError(titles string, packages []string, debian bool) error {
	if !debian {
		return fmt.Errorf("%s: %w, and this is no Debian. Install PostgreSQL %s, Redis 7, a JDK %d and Maven, or give running services "+
			"with AFORRO_POSTGRES_URL, AFORRO_REDIS_URL and AFORRO_ELASTICSEARCH_URL", titles, ErrMissing, postgresMajor, minimumJava)
	}
	return fmt.Errorf("%s: %w, and only root can install it. Run this, then start again:\n"+
		"  sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends %s'", titles, ErrMissing, strings.Join(packages, " "))
}
