package trial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// Session is one running psql that is told what to do, for who has much to say.
type Session struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// Session starts a psql; what it complains of goes to said. It does not stop at
// an error, only at the end of its connection.
func (g *Ground) Session(ctx context.Context, said io.Writer) (*Session, error) {
	cmd := exec.CommandContext(ctx, "psql", "-X", "-q", "-A", "-t", "-d", g.Postgres.URL())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = said
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start psql: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start psql: %w", err)
	}
	return &Session{cmd: cmd, in: in, out: bufio.NewScanner(out)}, cmd.Start()
}

// Do returns when the statements are carried out, or refused; an error says that
// the session is over.
func (s *Session) Do(sql string) error {
	if _, err := io.WriteString(s.in, sql+";\n\\echo done\n"); err != nil {
		return fmt.Errorf("tell psql: %w", err)
	}
	for s.out.Scan() {
		if s.out.Text() == "done" {
			return nil
		}
	}
	return errors.Join(errors.New("psql has ended"), s.out.Err())
}

// End ends the session. How psql ended says nothing that Do did not.
func (s *Session) End() {
	_ = s.in.Close()
	_ = s.cmd.Wait()
}
