package stack

import (
	"errors"
	"os"
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
