package importer

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"aforro/pkg/fault"
)

// Stdin is the path that means standard input.
const Stdin = "-"

// Progress is told how many bytes of the file, as it is stored, have been read
// of how many; total is 0 when it is not known.
type Progress func(done, total int64)

// Source is a file to import, unpacked while it is read. What is gzip is seen
// from its first bytes, not from its name.
type Source struct {
	// Name is the file's name without folders, for the ledger and for messages.
	Name string
	io.Reader
	file io.Closer
}

// Open opens path for import; Stdin reads standard input. progress may be nil.
func Open(path string, progress Progress) (*Source, error) {
	if path == Stdin {
		return NewSource("stdin", os.Stdin, 0, progress)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the file %s cannot be opened", path)
	}
	var size int64
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	s, err := NewSource(filepath.Base(path), f, size, progress)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.file = f
	return s, nil
}

// NewSource makes a source of r, which holds size bytes (0: unknown).
func NewSource(name string, r io.Reader, size int64, progress Progress) (*Source, error) {
	if progress != nil {
		r = &countingReader{r: r, total: size, progress: progress}
	}
	buffered := bufio.NewReaderSize(r, 64<<10)
	s := &Source{Name: name, Reader: buffered}
	magic, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap(err, fault.Invalid, "the file %s cannot be read", name)
	}
	if string(magic) == "\x1f\x8b" {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "the file %s is no gzip file though it begins like one", name)
		}
		s.Reader = unpacked
	}
	return s, nil
}

// Close closes what Open opened.
func (s *Source) Close() error {
	if s.file == nil {
		return nil
	}
	if err := s.file.Close(); err != nil {
		return fmt.Errorf("close %s: %w", s.Name, err)
	}
	return nil
}

type countingReader struct {
	r           io.Reader
	done, total int64
	progress    Progress
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	c.progress(c.done, c.total)
	return n, err
}
