package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"syscall"
	"time"
)

const (
	policyFile     = "/usr/sbin/policy-rc.d"
	policyContent  = "#!/bin/sh\n# Made by aforro for the time of an installation.\nexit 101\n" // maintainer scripts start nothing
	clusterConfig  = "/etc/postgresql-common/createcluster.conf"
	clusterPackage = "postgresql-common"
)

// install installs Debian packages without starting anything they bring: no cluster is made, no daemon runs. What is
// put aside for that is put back afterwards.
func install(ctx context.Context, packages []string) (err error) {
	undoPolicy, err := forbidStarts()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, undoPolicy()) }()
	if slices.Contains(packages, "postgresql") {
		// Its configuration must be there before the server's package asks it whether to make a cluster.
		if err := aptInstall(ctx, clusterPackage); err != nil {
			return err
		}
		undoCluster, err := forbidCluster()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, undoCluster()) }()
	}
	if err := aptInstall(ctx, packages...); err != nil {
		return err
	}
	if slices.Contains(packages, "redis-server") {
		return disableAtBoot(ctx, "redis-server")
	}
	return nil
}

// forbidStarts keeps packages from starting their daemons, unless a policy of somebody else's is there already. One
// of ours was left by a run that was killed: it is taken away afterwards too.
func forbidStarts() (undo func() error, err error) {
	if there, err := os.ReadFile(policyFile); err == nil && string(there) != policyContent {
		return func() error { return nil }, nil
	}
	if err := os.WriteFile(policyFile, []byte(policyContent), 0o755); err != nil {
		return nil, fmt.Errorf("keeping packages from starting services: %w", err)
	}
	return func() error { return removeIfThere(policyFile) }, nil
}

var createCluster = regexp.MustCompile(`(?m)^#?\s*create_main_cluster\s*=.*$`)

// forbidCluster keeps the server's package from making a cluster of its own.
func forbidCluster() (undo func() error, err error) {
	before, err := os.ReadFile(clusterConfig)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", clusterConfig, err)
	}
	changed := createCluster.ReplaceAll(before, []byte("create_main_cluster = false"))
	if err := os.WriteFile(clusterConfig, changed, 0o644); err != nil {
		return nil, fmt.Errorf("writing %s: %w", clusterConfig, err)
	}
	return func() error { return os.WriteFile(clusterConfig, before, 0o644) }, nil
}

// aptInstall refreshes the package lists only if installing from the present ones fails.
func aptInstall(ctx context.Context, packages ...string) error {
	args := append([]string{"install", "-y", "-q", "--no-install-recommends"}, packages...)
	if runApt(ctx, args...) == nil {
		return nil
	}
	if err := runApt(ctx, "update", "-q"); err != nil {
		return err
	}
	return runApt(ctx, args...)
}

func runApt(ctx context.Context, args ...string) error {
	// A fresh machine often upgrades itself in the background: wait for its lock.
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-o", "DPkg::Lock::Timeout=120"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	// Its own group: Ctrl-C must not tear dpkg apart; we pass on one SIGINT and wait.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 30 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running apt-get %s: %w:\n%s", args[0], err, lastLines(string(out), 12))
	}
	return nil
}

// disableAtBoot keeps a daemon that we installed from taking its port at the next boot.
func disableAtBoot(ctx context.Context, unit string) error {
	if !inPath("systemctl") {
		return nil
	}
	if out, err := exec.CommandContext(ctx, "systemctl", "disable", "--quiet", unit).CombinedOutput(); err != nil {
		return fmt.Errorf("disabling %s at boot: %w: %s", unit, err, lastLines(string(out), 3))
	}
	return nil
}
