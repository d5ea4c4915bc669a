package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// resetPatience bounds the wait for a running Aforro to stop in good order.
const resetPatience = 90 * time.Second

// Reset returns to nothing: it stops what runs on the data folder (a running Aforro too) and deletes the data, the
// passwords and the secrets. An empty dataDir is the one that Start would choose. The fetched Elasticsearch stays.
func Reset(ctx context.Context, dataDirectory string, out io.Writer) (err error) {
	report := NewReporter(out)
	dir, err := dataDir(ctx, dataDirectory)
	if err != nil {
		return err
	}
	if !exists(dir) {
		report.Step("Nothing to reset: %s does not exist", dir)
		return nil
	}
	held, err := takeOver(ctx, dir, resetPatience)
	if err != nil {
		return fmt.Errorf("stopping what runs on %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, held.release()) }()
	if err := stopLeftovers(ctx, dir, report); err != nil {
		return err
	}
	if err := deleteData(dir); err != nil {
		return err
	}
	report.Step("Deleted all data in %s", dir)
	return nil
}

// ResetCache deletes the fetched Elasticsearch; the next start fetches it again.
func ResetCache(ctx context.Context) error {
	runAs, err := serviceAccount(ctx)
	if err != nil {
		return err
	}
	cache, err := cacheDir(runAs)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(cache); err != nil {
		return fmt.Errorf("deleting %s: %w", cache, err)
	}
	return nil
}

// deleteData deletes only what we made: the folder may be one that its owner keeps other things in.
func deleteData(dir string) error {
	for _, name := range []string{elasticsearchName, redisName, postgresName, secretsFile, lockFile} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("deleting %s in %s: %w", name, dir, err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking into %s: %w", dir, err)
	}
	if len(left) > 0 {
		return nil
	}
	return removeIfThere(dir)
}
