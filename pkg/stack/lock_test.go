package stack

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestLockRefusesASecond(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := takeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := takeLock(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("the second got %v, want ErrInUse", err)
	}
	if pid, started, err := lockHolder(dir); err != nil || pid != os.Getpid() || started == 0 {
		t.Errorf("holder %d started at %d, err %v", pid, started, err)
	}
	if err := first.release(); err != nil {
		t.Fatal(err)
	}
	again, err := takeLock(dir)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	if err := again.release(); err != nil {
		t.Error(err)
	}
}

func TestADeletedLockIsNoLock(t *testing.T) {
	t.Parallel()
	held, err := takeLock(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if !stillThere(held.file) {
		t.Error("the lock's file is there")
	}
	if err := os.Remove(held.file.Name()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(held.file.Name()), lockFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if stillThere(held.file) {
		t.Error("another file has the name, so a second process could hold it too")
	}
	if err := held.release(); err != nil {
		t.Error(err)
	}
}
