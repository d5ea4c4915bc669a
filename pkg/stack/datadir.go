package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	projectDataDir = ".aforro"
	projectModule  = "module aforro"
	systemDataDir  = systemHome
	systemCacheDir = "/var/cache/aforro"
)

// ChooseDataDir is where data goes when nobody says: the project's ignored folder if the service user can reach it,
// else, as root, a folder of our own under /var/lib, else the user's data folder.
func ChooseDataDir(ctx context.Context) (string, error) {
	runAs, err := serviceAccount(ctx)
	if err != nil {
		return "", err
	}
	cwd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working folder: %w", err)
	}
	if root, ok := projectRoot(cwd); ok && runAs.reaches(root) {
		return filepath.Join(root, projectDataDir), nil
	}
	if os.Geteuid() == 0 {
		return systemDataDir, nil
	}
	return userDir("XDG_DATA_HOME", ".local/share")
}

// projectRoot is the nearest folder above dir that holds this project's go.mod.
func projectRoot(dir string) (string, bool) {
	for {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(content), projectModule+"\n") {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

// cacheDir holds what may be fetched again: the unpacked Elasticsearch.
func cacheDir(runAs account) (string, error) {
	dir, err := userDir("XDG_CACHE_HOME", ".cache")
	if os.Geteuid() == 0 && (err != nil || !runAs.reaches(dir)) {
		return systemCacheDir, nil
	}
	return dir, err
}

// userDir follows the XDG base folders: the variable, else the folder under the home.
func userDir(variable, underHome string) (string, error) {
	if dir := os.Getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "aforro"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("neither HOME nor " + variable + " is set: name a data folder with AFORRO_DATA_DIR")
	}
	return filepath.Join(home, underHome, "aforro"), nil
}
