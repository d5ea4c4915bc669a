package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const lockFile = "lock"

// ErrInUse says that another process already runs on the data folder.
var ErrInUse = errors.New("another Aforro already runs on this data folder")

// lock keeps a second process off a folder. The kernel drops it with the process, however that ends. The file names
// the holder, for messages and for Reset.
type lock struct{ file *os.File }

// takeLock takes the folder's lock at once, or fails with ErrInUse.
func takeLock(dir string) (*lock, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock of %s: %w", dir, err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder, _, _ := lockHolder(dir)
		refused := fmt.Errorf("%w: %s (process %d); stop it first, or name another folder with AFORRO_DATA_DIR", ErrInUse, dir, holder)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			refused = fmt.Errorf("locking %s: %w", dir, err)
		}
		return nil, errors.Join(refused, file.Close())
	}
	if !stillThere(file) {
		// A reset deleted the file between our opening and locking it: whoever comes next makes another.
		return nil, errors.Join(fmt.Errorf("%w: %s was just reset", ErrInUse, dir), file.Close())
	}
	if err := writeHolder(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &lock{file: file}, nil
}

// stillThere tells whether the open file is the one that its name leads to.
func stillThere(file *os.File) bool {
	open, openErr := file.Stat()
	named, nameErr := os.Stat(file.Name())
	return openErr == nil && nameErr == nil && os.SameFile(open, named)
}

func writeHolder(file *os.File) error {
	self, err := readProcess(os.Getpid())
	if err != nil {
		return fmt.Errorf("reading our own start time: %w", err)
	}
	line := fmt.Sprintf("%d %d\n", self.pid, self.started)
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("writing the lock: %w", err)
	}
	if _, err := file.WriteAt([]byte(line), 0); err != nil {
		return fmt.Errorf("writing the lock: %w", err)
	}
	return nil
}

// lockHolder reads who holds (or held) the lock.
func lockHolder(dir string) (pid int, started uint64, err error) {
	content, err := os.ReadFile(filepath.Join(dir, lockFile))
	if err != nil {
		return 0, 0, fmt.Errorf("reading the lock of %s: %w", dir, err)
	}
	if _, err := fmt.Sscanf(string(content), "%d %d", &pid, &started); err != nil {
		return 0, 0, fmt.Errorf("reading the lock of %s: %w", dir, err)
	}
	return pid, started, nil
}

// takeOver takes the lock, asking a present holder to stop and waiting for it.
func takeOver(ctx context.Context, dir string, patience time.Duration) (*lock, error) {
	held, err := takeLock(dir)
	if !errors.Is(err, ErrInUse) {
		return held, err
	}
	pid, started, holderErr := lockHolder(dir)
	if holderErr != nil {
		return nil, holderErr
	}
	if holder, readErr := readProcess(pid); readErr == nil && holder.started == started {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			return nil, fmt.Errorf("asking process %d to stop: %w", pid, err)
		}
	}
	waitErr := poll(ctx, patience, func() bool {
		held, err = takeLock(dir)
		return !errors.Is(err, ErrInUse)
	})
	return held, errors.Join(err, waitErr)
}

func (l *lock) release() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("releasing the lock: %w", err)
	}
	return nil
}
