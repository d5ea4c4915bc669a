package stack

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/sys/unix"
)

// Reporter writes one line a step and shows progress: bars on a terminal, a line every tenth elsewhere. It may be used
// by several goroutines. A failing writer is not an error: what is reported is never what is relied on.
type Reporter struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
}

// NewReporter writes to out; nil discards everything, and a Reporter is returned as it is.
func NewReporter(out io.Writer) *Reporter {
	if out == nil {
		out = io.Discard
	}
	if shared, ok := out.(*Reporter); ok {
		return shared
	}
	return &Reporter{out: out, terminal: isTerminal(out)}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}

// Step writes one line.
func (r *Reporter) Step(format string, args ...any) {
	r.write(fmt.Sprintf(format, args...) + "\n")
}

// Write makes a Reporter an io.Writer, so that it can be handed on as Options.Out and goes on being one.
func (r *Reporter) Write(text []byte) (int, error) {
	r.write(string(text))
	return len(text), nil
}

func (r *Reporter) write(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := io.WriteString(r.out, line); err != nil {
		r.out = io.Discard
	}
}

// Progress shows how far one long step is. Unit is what is counted ("documents"), or "bytes" for sizes.
type Progress struct {
	report *Reporter
	bar    *progressbar.ProgressBar
	label  string
	unit   string
	total  int64
	tenth  int64
	// begun is when the first Set came, with what was done already.
	begun time.Time
	first int64
}

// Progress begins to show a step of total units; end it with Done.
func (r *Reporter) Progress(label, unit string, total int64) *Progress {
	p := &Progress{report: r, label: label, unit: unit, total: max(total, 1)}
	if r.terminal {
		p.bar = progressbar.NewOptions64(p.total,
			progressbar.OptionSetWriter(r.out), progressbar.OptionSetDescription(label),
			progressbar.OptionShowBytes(unit == "bytes"), progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
	}
	return p
}

// Set says that done units of the total are done.
func (p *Progress) Set(done int64) {
	done = min(done, p.total)
	if p.begun.IsZero() {
		p.begun, p.first = time.Now(), done
	}
	if p.bar != nil {
		p.draw(done)
		return
	}
	if tenth := done * 10 / p.total; tenth > p.tenth {
		p.tenth = tenth
		p.report.Step("  %s: %d %% (%s)%s", p.label, done*100/p.total, share(done, p.total, p.unit), p.left(done))
	}
}

// left says how long it will take, judged by how long it took; nothing when that
// is not known or is hardly anything.
func (p *Progress) left(done int64) string {
	if done <= p.first {
		return ""
	}
	left := time.Duration(float64(time.Since(p.begun)) / float64(done-p.first) * float64(p.total-done))
	if left < time.Second {
		return ""
	}
	return ", about " + left.Round(time.Second).String() + " left"
}

func (p *Progress) draw(done int64) {
	p.report.mu.Lock()
	defer p.report.mu.Unlock()
	if err := p.bar.Set64(done); err != nil {
		p.bar = nil
	}
}

// Done ends the step: a bar is cleared away, lines end with the last tenth.
func (p *Progress) Done() { p.Set(p.total) }

// share writes "276 of 921 MB" or "20 of 200 documents".
func share(done, total int64, unit string) string {
	if unit != "bytes" {
		return fmt.Sprintf("%d of %d %s", done, total, unit)
	}
	return fmt.Sprintf("%.*f of %s", decimals(total), float64(done)/1e6, megabytes(total))
}

func megabytes(n int64) string { return fmt.Sprintf("%.*f MB", decimals(n), float64(n)/1e6) }

// decimals keeps small sizes from reading "1 of 3 MB".
func decimals(total int64) int {
	if total < 100_000_000 {
		return 1
	}
	return 0
}

// seconds writes a duration as people read it in a step line.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
