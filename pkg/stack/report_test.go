package stack

import (
	"strings"
	"testing"
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
	if len(lines) != 10 || lines[0] != "Index: 10 % (20 documents of 200 documents)" && !strings.Contains(lines[0], "10 %") {
		t.Errorf("%d lines:\n%s", len(lines), out.String())
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
