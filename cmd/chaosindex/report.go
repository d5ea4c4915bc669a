package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"aforro/cmd/internal/trial"
)

// healed fails a run in which something did not heal.
func healed(healings []healing) trial.Verdict {
	var found []string
	for _, h := range healings {
		if h.found != "" {
			found = append(found, h.fault.name+": "+h.found)
		}
	}
	return trial.Check("after each fault the index was equal to the database again, by itself", found...)
}

// lastReindex and lastVerify are in peace: they must succeed.
func (g *ground) lastReindex(ctx context.Context) trial.Verdict {
	return g.must(ctx, "a reindex after all that succeeds", "reindex")
}

func (g *ground) lastVerify(ctx context.Context) trial.Verdict {
	return g.must(ctx, "every index document is what PostgreSQL says", verify...)
}

func (g *ground) must(ctx context.Context, what string, args ...string) trial.Verdict {
	out, err := g.Aforro(ctx, args...)
	fmt.Printf("\naforro %s\n  %s\n\n", strings.Join(args, " "), strings.ReplaceAll(strings.TrimSpace(out), "\n", "\n  "))
	if err != nil {
		return trial.Check(what, err.Error())
	}
	return trial.Check(what)
}

func (g *ground) quarantined(ctx context.Context) trial.Verdict {
	var found []string
	err := trial.Rows(ctx, g.Ground, "SELECT to_json(index_name || ': product ' || product_id) FROM quarantine", func(row string) { found = append(found, row) })
	if err != nil {
		found = append(found, err.Error())
	}
	return trial.Check("nothing is left in quarantine", found...)
}

// printTable shows how long each fault took to heal, in the order of faults.
func printTable(o options, healings []healing) {
	fmt.Printf("\nseed %d, %s\n%s\n", o.seed, o.duration, strings.Join(table(healings), "\n"))
}

func table(healings []healing) []string {
	const row = "%-50s %5s  %-15s  %-15s  %-10s  %s"
	rows := []string{fmt.Sprintf(row, "fault", "times", "searchable, s", "verified, s", "verdict", "what heals it"),
		fmt.Sprintf(row, "", "", "p50 / max", "p50 / max", "", "")}
	for _, f := range faults {
		var searchable, whole []time.Duration
		verdict := "healed"
		for _, h := range healings {
			switch {
			case h.fault.name != f.name:
			case h.found != "":
				verdict = "NOT HEALED"
			default:
				searchable, whole = append(searchable, h.searchable), append(whole, h.whole)
			}
		}
		if len(whole) == 0 && verdict == "healed" {
			verdict = "not tried"
		}
		rows = append(rows, fmt.Sprintf(row, f.name, fmt.Sprint(len(whole)), spread(searchable), spread(whole), verdict, f.heals))
	}
	return rows
}

// spread is the median and the largest.
func spread(all []time.Duration) string {
	if len(all) == 0 {
		return "-"
	}
	slices.Sort(all)
	return fmt.Sprintf("%5.1f / %5.1f", all[(len(all)-1)/2].Seconds(), all[len(all)-1].Seconds())
}
