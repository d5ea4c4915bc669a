package stack

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeAtomic puts content in place in one step: a reader, or a crash, sees the old file or the new one, never half.
func writeAtomic(path string, content []byte, mode os.FileMode) error {
	temp := fmt.Sprintf("%s.new-%d", path, os.Getpid())
	if err := os.WriteFile(temp, content, mode); err != nil {
		return fmt.Errorf("writing %s: %w", path, errors.Join(err, removeIfThere(temp)))
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("putting %s in place: %w", path, errors.Join(err, removeIfThere(temp)))
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	return nil
}

// readJSON fills value from the file; it reports false when there is no such file.
func readJSON(path string, value any) (bool, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", path, err)
	}
	if err := json.Unmarshal(content, value); err != nil {
		return false, fmt.Errorf("reading %s: %w", path, err)
	}
	return true, nil
}

func writeJSON(path string, value any, mode os.FileMode) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return writeAtomic(path, append(content, '\n'), mode)
}

// randomHex is a secret of n random bytes; it is safe in URLs and configuration files.
func randomHex(n int) string {
	secret := make([]byte, n)
	rand.Read(secret) // never fails: crypto/rand ends the program rather than give weak bytes
	return hex.EncodeToString(secret)
}

// loadPassword reads the password in path, or makes one.
func loadPassword(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(content)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading the password in %s: %w", path, err)
	}
	password := randomHex(16)
	return password, writeAtomic(path, []byte(password+"\n"), 0o600)
}

// exists tells whether something is at path, whatever it is.
func exists(path ...string) bool {
	_, err := os.Stat(filepath.Join(path...))
	return err == nil
}
