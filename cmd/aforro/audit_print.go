package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"aforro/pkg/audit"
)

// printAudit writes the outcome for people; its last line is the verdict.
func printAudit(out io.Writer, o auditOutcome) error {
	var b strings.Builder
	if o.Before != nil {
		writeReport(&b, *o.Before)
		fmt.Fprintf(&b, "\nrepaired: %d\n", len(o.Repairs))
		for i, r := range o.Repairs {
			if i == audit.MostNamed {
				fmt.Fprintf(&b, "  and %d more\n", len(o.Repairs)-i)
				break
			}
			fmt.Fprintf(&b, "  %s: %s\n", r.Check, r.Text)
		}
		b.WriteString("\nafter the repair:\n")
	}
	writeReport(&b, o.Report)
	if o.Clean {
		fmt.Fprintf(&b, "clean: %d checks, nothing is off\n", len(o.Results))
	} else {
		fmt.Fprintf(&b, "OFF: %s\n", summary(o.Report))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// summary is what is off, in short.
func summary(r audit.Report) string {
	findings := "findings"
	if r.Found() == 1 {
		findings = "finding"
	}
	return fmt.Sprintf("%d %s in %d of %d checks", r.Found(), findings, r.Off(), len(r.Results))
}

func writeReport(b *strings.Builder, r audit.Report) {
	fmt.Fprintf(b, "audit of %s, %.2f s\n", r.At.UTC().Format(time.RFC3339), r.Seconds)
	for _, c := range r.Results {
		verdict := "ok"
		if c.Found > 0 {
			verdict = fmt.Sprintf("OFF: %d", c.Found)
		}
		fmt.Fprintf(b, "  %-12s  %-52s  %10d %-12s  %6.2f s  %s\n", c.Check, c.Holds, c.Checked, c.Of, c.Seconds, verdict)
		writeFindings(b, c)
		if c.Found > 0 {
			_, _, fix := c.Check.Rule()
			fmt.Fprintf(b, "      --repair: %s\n", fix)
		}
	}
	for _, n := range r.Notes {
		if n.Found > 0 {
			fmt.Fprintf(b, "  note: %s: %d\n", n.Holds, n.Found)
			writeFindings(b, n)
		}
	}
}

func writeFindings(b *strings.Builder, c audit.Result) {
	for _, f := range c.First {
		fmt.Fprintf(b, "    - %s\n", f.Text)
	}
	if more := c.Found - int64(len(c.First)); more > 0 {
		fmt.Fprintf(b, "    - and %d more\n", more)
	}
}
