package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"
)

// orderPatience is more than any answer should take: the API waits 2 s for a
// decision.
const orderPatience = 15 * time.Second

// client places orders over one connection. It speaks just as much HTTP/1.1 as
// that needs, since it shares the machine with what it measures: net/http's
// client takes several times the processor time of this one, and pgbench, which
// drives the reference, is as lean.
type client struct {
	addr string
	conn net.Conn
	r    *bufio.Reader
	keys *rand.PCG
	out  []byte // the request, built anew in the same memory
	body []byte
}

func newClient(addr string, seed, stream uint64) *client {
	return &client{addr: addr, keys: rand.NewPCG(seed, stream)}
}

// answer is what the server said to one order.
type answer int

const (
	confirmed answer = iota
	rejected
	accepted // 202: saved, not decided yet
)

// place sends one order and reads the answer. After an error the connection is
// closed, and the next order is sent over a new one.
func (c *client) place(ctx context.Context, d drawn) (answer, error) {
	if c.conn == nil {
		if err := c.dial(ctx); err != nil {
			return 0, err
		}
	}
	a, err := c.exchange(d)
	if err != nil {
		err = errors.Join(err, c.close())
	}
	return a, err
}

func (c *client) dial(ctx context.Context) error {
	conn, err := (&net.Dialer{Timeout: orderPatience}).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return fmt.Errorf("connect to the API: %w", err)
	}
	c.conn, c.r = conn, bufio.NewReaderSize(conn, 128<<10)
	return nil
}

func (c *client) close() error {
	if c.conn == nil {
		return nil
	}
	conn := c.conn
	c.conn = nil
	return conn.Close()
}

// get asks for a path and reads the answer, which must be one of success.
func (c *client) get(ctx context.Context, path string) error {
	if c.conn == nil {
		if err := c.dial(ctx); err != nil {
			return err
		}
	}
	if err := c.conn.SetDeadline(time.Now().Add(orderPatience)); err != nil {
		return fmt.Errorf("set a deadline: %w", err)
	}
	c.out = append(append(append(c.out[:0], "GET "...), path...), " HTTP/1.1\r\nHost: bench\r\n\r\n"...)
	if _, err := c.conn.Write(c.out); err != nil {
		return fmt.Errorf("ask for %s: %w", path, err)
	}
	status, _, err := readAnswer(c.r)
	if err == nil && status >= 300 {
		err = fmt.Errorf("%s was answered %d", path, status)
	}
	return err
}

func (c *client) exchange(d drawn) (answer, error) {
	if err := c.conn.SetDeadline(time.Now().Add(orderPatience)); err != nil {
		return 0, fmt.Errorf("set a deadline: %w", err)
	}
	if _, err := c.conn.Write(c.request(d)); err != nil {
		return 0, fmt.Errorf("send an order: %w", err)
	}
	status, body, err := readAnswer(c.r)
	if err != nil {
		return 0, fmt.Errorf("read the answer to an order: %w", err)
	}
	return judge(status, body)
}

// request builds the order with a new random key, as clients make them.
func (c *client) request(d drawn) []byte {
	b := append(c.body[:0], `{"store_id":`...)
	b = strconv.AppendInt(b, d.store, 10)
	b = append(b, `,"items":[{"product_id":`...)
	b = strconv.AppendInt(b, d.first, 10)
	b = append(b, `,"quantity_requested":1},{"product_id":`...)
	b = strconv.AppendInt(b, d.second, 10)
	c.body = append(b, `,"quantity_requested":1}]}`...)
	o := append(c.out[:0], "POST /orders/ HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nIdempotency-Key: "...)
	o = strconv.AppendUint(o, c.keys.Uint64(), 16)
	o = strconv.AppendUint(o, c.keys.Uint64(), 16)
	o = append(o, "\r\nContent-Length: "...)
	o = strconv.AppendInt(o, int64(len(c.body)), 10)
	o = append(o, "\r\n\r\n"...)
	c.out = append(o, c.body...)
	return c.out
}

var (
	statusConfirmed = []byte(`"status":"CONFIRMED"`)
	statusRejected  = []byte(`"status":"REJECTED"`)
)

func judge(status int, body []byte) (answer, error) {
	switch {
	case status == 201 && bytes.Contains(body, statusConfirmed):
		return confirmed, nil
	case status == 201 && bytes.Contains(body, statusRejected):
		return rejected, nil
	case status == 202:
		return accepted, nil
	}
	return 0, fmt.Errorf("an order was answered %d: %s", status, body)
}

var contentLength = []byte("Content-Length:")

// readAnswer reads one answer that states its length. The body is valid until
// the next reading.
func readAnswer(r *bufio.Reader) (status int, body []byte, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, nil, fmt.Errorf("not a status line: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("not a status line: %q", line)
	}
	length := -1
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return 0, nil, err
		}
		if len(line) <= 2 {
			break
		}
		if len(line) > len(contentLength) && bytes.EqualFold(line[:len(contentLength)], contentLength) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(contentLength):]))); err != nil {
				return 0, nil, fmt.Errorf("not a length: %q", line)
			}
		}
	}
	if status == 204 {
		return status, nil, nil
	}
	if length < 0 {
		return 0, nil, errors.New("the answer does not state its length")
	}
	if body, err = r.Peek(length); err != nil {
		return 0, nil, fmt.Errorf("read a body of %d bytes: %w", length, err)
	}
	_, err = r.Discard(length)
	return status, body, err
}
