package stack

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// unpack extracts what lies below prefix in the zip archive into the folder, which must not exist yet. All of it can be
// read by everyone, as the service user runs it, and written by nobody but us.
func unpack(archive, prefix, into string) (err error) {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("opening the archive %s: %w", archive, err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	files := 0
	for _, entry := range reader.File {
		name, ok := strings.CutPrefix(entry.Name, prefix)
		if !ok || name == "" || strings.HasSuffix(name, "/") {
			continue
		}
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the archive %s holds a path that leads out of it: %s", archive, entry.Name)
		}
		if err := extract(entry, filepath.Join(into, name)); err != nil {
			return err
		}
		files++
	}
	if files == 0 {
		return fmt.Errorf("the archive %s holds nothing below %s", archive, prefix)
	}
	return nil
}

func extract(entry *zip.File, path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", path, err)
	}
	source, err := entry.Open()
	if err != nil {
		return fmt.Errorf("reading %s: %w", entry.Name, err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644|entry.Mode().Perm()&0o111)
	if err != nil {
		return fmt.Errorf("making %s: %w", path, err)
	}
	if _, err := io.Copy(target, source); err != nil {
		return errors.Join(fmt.Errorf("unpacking %s: %w", entry.Name, err), target.Close())
	}
	return target.Close()
}
