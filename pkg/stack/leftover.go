package stack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// programs are what our services run as; nothing else is ever taken for a leftover. No shell is among them, as people
// work in the folder with theirs; the one that starts Elasticsearch becomes java at once.
var programs = []string{"postgres", "redis-server", "java", "redis-check-rdb"}

// strayPatience is how long children whose parent was killed may take to notice it themselves.
const strayPatience = 5 * time.Second

// stopLeftover stops what an earlier, killed run left in the folder: the recorded process if process id, start time
// and command line all match, then children of it that lost their parent. It reports whether there was anything.
func stopLeftover(ctx context.Context, dir string, how traits) (bool, error) {
	var last state
	if _, err := readJSON(filepath.Join(dir, stateFile), &last); err != nil {
		return false, err
	}
	leader := proc{pid: last.Pid, started: last.Started}
	found := last.Pid != 0 && leader.alive() && leader.mentions(dir)
	if found {
		if err := endTree(ctx, leader, how.stop, how.grace); err != nil {
			return true, err
		}
	}
	runAs, err := serviceAccount(ctx)
	if err != nil {
		return found, err
	}
	strays, err := findStrays(dir, runAs)
	if err != nil || len(strays) == 0 {
		return found, err
	}
	if poll(ctx, strayPatience, func() bool { return !anyAlive(strays) }) == nil {
		return true, nil
	}
	return true, killUntilGone(func() ([]proc, error) { return findStrays(dir, runAs) })
}

// findStrays lists our programs that still work in the folder. Only those of the service user count: what somebody
// else runs there, root included, is not ours.
func findStrays(dir string, runAs account) ([]proc, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(p proc) bool {
		return p.pid == os.Getpid() || !p.runsAs(runAs) || !slices.Contains(programs, p.program()) || !p.mentions(dir)
	}), nil
}

// stopLeftovers does it for all services of a data folder, in the order of stopping.
func stopLeftovers(ctx context.Context, dataDir string, report *Reporter) error {
	var failed []error
	for _, how := range []traits{elasticsearchTraits, redisTraits, postgresTraits} {
		found, err := stopLeftover(ctx, filepath.Join(dataDir, how.name), how)
		if found && err == nil {
			report.Step("%s was still running from a killed run: stopped it", how.title)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
