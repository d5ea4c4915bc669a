package stack

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReaches(t *testing.T) {
	t.Parallel()
	self := account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
	stranger := account{uid: self.uid + 4242, gid: self.gid + 4242}
	open := t.TempDir() // its parents are closed to others, so only the last folder is judged
	closed := filepath.Join(open, "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(closed)
	if err != nil {
		t.Fatal(err)
	}
	if !self.mayPass(info) || stranger.mayPass(info) {
		t.Error("a folder of mode 0700 is for its owner")
	}
	if !self.reaches(filepath.Join(closed, "not", "made", "yet")) {
		t.Error("what does not exist yet is no obstacle")
	}
	if stranger.reaches(filepath.Join(closed, "x")) {
		t.Error("a stranger gets through a closed folder")
	}
	if !stranger.reaches("/usr/lib") {
		t.Error("/usr/lib is open to all")
	}
}
