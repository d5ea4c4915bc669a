package elasticsearch

import (
	"errors"
	"io"
	"sync"
)

// errReturned: who still reads the body of a request that was given up.
var errReturned = errors.New("the request was given up")

// loan lends the bytes of a request to the transport for one attempt. The
// transport may go on reading after an attempt has failed, or was answered early;
// a bulk's buffer has been filled with another bulk by then.
type loan struct {
	mu    sync.Mutex
	ended bool
}

// lend gives one reading of the body.
func (l *loan) lend(body func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	b, err := body()
	if err != nil {
		return nil, err
	}
	return lent{ReadCloser: b, loan: l}, nil
}

// end takes the bytes back: nothing is read of them any more.
func (l *loan) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

type lent struct {
	io.ReadCloser
	loan *loan
}

func (b lent) Read(p []byte) (int, error) {
	b.loan.mu.Lock()
	defer b.loan.mu.Unlock()
	if b.loan.ended {
		return 0, errReturned
	}
	return b.ReadCloser.Read(p)
}
