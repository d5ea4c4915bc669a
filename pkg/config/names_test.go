package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Whatever the scripts and docker-compose.yml read may stand in the environment
// of a command, or in .env, without being taken for a misspelt setting.
func TestVariablesOfTheScriptsAreKnown(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	files := []string{"docker-compose.yml", ".env.example", "Makefile", "Dockerfile"}
	err := fs.WalkDir(os.DirFS(root), "deploy", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`\bAFORRO_[A-Z_]+[A-Z]\b`)
	vars := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range name.FindAllString(string(content), -1) {
			vars[found] = "x"
		}
	}
	if len(vars) < 10 {
		t.Fatalf("only %d variables were found", len(vars))
	}
	for _, err := range unknown(vars) {
		t.Error(err)
	}
}
