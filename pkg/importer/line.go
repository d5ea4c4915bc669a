package importer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxLine is the longest line that is read, in bytes. A longer one is refused
// and skipped.
const MaxLine = 1 << 20

// shownOfLongLine is how much of a line beyond MaxLine a report keeps.
const shownOfLongLine = 1 << 10

// line is one line of a file, without its end.
type line struct {
	number  int64
	text    []byte
	tooLong bool
}

// lineReader splits a stream into lines in bounded memory. Lines end with LF or
// CRLF; a byte order mark at the very beginning is dropped.
type lineReader struct {
	r      *bufio.Reader
	number int64
	buf    []byte
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 256<<10)}
}

// next returns the next line, valid until the call after. A line that the
// stream breaks off within is not returned; the error is, with number telling
// where. A clean end is io.EOF.
func (lr *lineReader) next() (line, error) {
	lr.number++
	lr.buf = lr.buf[:0]
	tooLong := false
	for {
		part, err := lr.r.ReadSlice('\n')
		if !tooLong {
			lr.buf = append(lr.buf, part...)
		}
		if len(lr.buf) > MaxLine+len("\r\n") && !tooLong {
			tooLong, lr.buf = true, lr.buf[:shownOfLongLine]
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == nil, errors.Is(err, io.EOF) && (len(lr.buf) > 0 || tooLong):
			return lr.line(tooLong), nil
		default:
			return line{number: lr.number}, err
		}
	}
}

func (lr *lineReader) line(tooLong bool) line {
	text := lr.buf
	if !tooLong {
		text = bytes.TrimSuffix(text, []byte("\n"))
		text = bytes.TrimSuffix(text, []byte("\r"))
		tooLong = len(text) > MaxLine
	}
	if lr.number == 1 {
		text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	}
	return line{number: lr.number, text: text, tooLong: tooLong}
}
