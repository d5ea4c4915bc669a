package stack

import (
	"strings"
	"testing"
	"time"
)

func TestProgressWithoutATerminalIsALineATenth(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	progress := NewReporter(&out).Progress("Index", "documents", 200)
	for n := int64(0); n <= 250; n += 5 {
		progress.Set(n)
	}
	progress.Done()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 10 || lines[0] != "Index: 10 % (20 of 200 documents)" {
		t.Errorf("%d lines:\n%s", len(lines), out.String())
	}
}

func TestProgressSaysHowLongItWillTake(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	progress := NewReporter(&out).Progress("Index", "documents", 1000)
	progress.Set(500) // what was done before
	progress.begun = progress.begun.Add(-10 * time.Second)
	progress.Set(600)
	progress.Set(1000)
	if !strings.Contains(out.String(), "60 % (600 of 1000 documents), about 40s left\n") || strings.Contains(out.String(), "100 % (1000 of 1000 documents),") {
		t.Error(out.String())
	}
}

func TestAReporterIsHandedOn(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	first := NewReporter(&out)
	if NewReporter(first) != first {
		t.Error("a second reporter around the first would mix their lines")
	}
	NewReporter(nil).Step("goes nowhere")
}

func TestShare(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"1.2 of 3.4 MB": share(1_200_000, 3_400_000, "bytes"), "276 of 921 MB": share(276_000_000, 920_748_127, "bytes"), "1 of 2 rows": share(1, 2, "rows"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
