package stack

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"
)

func mustZip(tb testing.TB, names ...string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "a.zip")
	file, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	archive := zip.NewWriter(file)
	for _, name := range names {
		entry, err := archive.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := entry.Write([]byte(name)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := file.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestUnpackTakesOnlyThePrefix(t *testing.T) {
	t.Parallel()
	into := filepath.Join(t.TempDir(), "home")
	if err := unpack(mustZip(t, "p/es/bin/run", "p/es/lib/x.jar", "p/other/y"), "p/es/", into); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, filepath.Join(into, "bin", "run")); got != "p/es/bin/run" {
		t.Error(got)
	}
	if exists(into, "other") || exists(into, "y") {
		t.Error("more than the prefix was unpacked")
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	for name, archive := range map[string]string{
		"a way out":      mustZip(t, "p/es/../../../etc/passwd"),
		"nothing inside": mustZip(t, "q/x"),
	} {
		if err := unpack(archive, "p/es/", filepath.Join(t.TempDir(), "home")); err == nil {
			t.Errorf("%s was unpacked", name)
		}
	}
}

func TestCheckSum(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x")
	mustWrite(t, path, "abc")
	if err := checkSum(path, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); err != nil {
		t.Error(err)
	}
	if err := checkSum(path, archiveSum); err == nil {
		t.Error("a wrong archive passed")
	}
}
