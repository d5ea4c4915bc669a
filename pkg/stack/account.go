package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// systemUser runs the services when we are root: PostgreSQL and Elasticsearch refuse to run as root.
const (
	systemUser = "aforro"
	systemHome = "/var/lib/aforro"
)

// account is whom the services run as.
type account struct {
	uid, gid uint32
}

// serviceAccount is ourselves, or as root the system user, made where missing.
func serviceAccount(ctx context.Context) (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}, nil
	}
	found, err := user.Lookup(systemUser)
	if errors.As(err, new(user.UnknownUserError)) {
		if err := makeUser(ctx); err != nil {
			return account{}, err
		}
		found, err = user.Lookup(systemUser)
	}
	if err != nil {
		return account{}, fmt.Errorf("looking up the system user %s: %w", systemUser, err)
	}
	return parseAccount(found)
}

func makeUser(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "useradd", "--system", "--user-group", "--no-create-home",
		"--home-dir", systemHome, "--shell", "/usr/sbin/nologin", systemUser)
	if out, err := cmd.CombinedOutput(); err != nil {
		// Two starts at once may both find the user missing; the second useradd then fails harmlessly.
		if _, lookErr := user.Lookup(systemUser); lookErr == nil {
			return nil
		}
		return fmt.Errorf("making the system user %s: %w: %s", systemUser, err, strings.TrimSpace(string(out)))
	}
	return nil
}

func parseAccount(found *user.User) (account, error) {
	uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return account{}, fmt.Errorf("reading the ids of user %s: %w", found.Username, err)
	}
	return account{uid: uint32(uid), gid: uint32(gid)}, nil
}

// credential is nil when the child runs as ourselves: only root may set one.
func (a account) credential() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own makes a folder of the account's, closed to all others.
func (a account) own(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder %s: %w", dir, err)
	}
	if err := os.Chown(dir, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("giving the folder %s to the service user: %w", dir, err)
	}
	return nil
}

// writeFile writes a file that only the account can read.
func (a account) writeFile(path, content string) error {
	if err := writeAtomic(path, []byte(content), 0o600); err != nil {
		return err
	}
	if err := os.Chown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("giving the file %s to the service user: %w", path, err)
	}
	return nil
}

// reaches tells whether the account may pass through every folder down to path; parts that do not exist yet do not
// count, as we make them passable.
func (a account) reaches(path string) bool {
	for dir := path; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && !a.mayPass(info) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (a account) mayPass(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode().Perm()
	switch {
	case !ok:
		return false
	case stat.Uid == a.uid:
		return mode&0o100 != 0
	case stat.Gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}
