package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"aforro/cmd/internal/trial"
)

// tally counts what a run has seen.
type tally struct {
	placed, acknowledged, async, retries int
	byStatus                             map[string]int
	slowestAck                           *entry
	slowestDecision                      fact
	faults                               map[string]int
}

func count(entries []*entry, f facts, caused []fault) tally {
	t := tally{placed: len(entries), byStatus: map[string]int{}, faults: map[string]int{}, slowestDecision: slowest(f.orders)}
	for _, e := range entries {
		t.retries += e.retries
		if e.id == 0 {
			continue
		}
		t.acknowledged++
		if e.async {
			t.async++
		}
		t.byStatus[e.status]++
		if t.slowestAck == nil || e.took > t.slowestAck.took {
			t.slowestAck = e
		}
	}
	for _, f := range caused {
		t.faults[f.kind]++
	}
	return t
}

// trial fails a run that tried nothing: one without orders of every kind.
func (t tally) trial() trial.Verdict {
	var found []string
	for _, status := range []string{confirmed, rejected, cancelled} {
		if t.byStatus[status] == 0 {
			found = append(found, "no order was "+status)
		}
	}
	if t.retries == 0 {
		found = append(found, "no client had to try again")
	}
	return trial.Check("orders of every kind were placed, and clients had to try again", found...)
}

func (t tally) print(seed uint64, duration time.Duration) {
	fmt.Printf("\nseed %d, %s\n", seed, duration)
	var faults []string
	for _, kind := range slices.Sorted(maps.Keys(t.faults)) {
		faults = append(faults, fmt.Sprintf("%s %d", kind, t.faults[kind]))
	}
	fmt.Printf("faults         %s\n", strings.Join(faults, ", "))
	fmt.Printf("orders         %d acknowledged of %d (%.0f a second), %d without waiting: %d confirmed, %d rejected, %d cancelled\n", t.acknowledged, t.placed,
		float64(t.acknowledged)/duration.Seconds(), t.async, t.byStatus[confirmed], t.byStatus[rejected], t.byStatus[cancelled])
	fmt.Printf("retries        %d by clients\n", t.retries)
	if t.slowestAck != nil {
		fmt.Printf("slowest        acknowledgement %.1f s (order %d), decision %.1f s (order %d)\n",
			t.slowestAck.took.Seconds(), t.slowestAck.id, t.slowestDecision.Took, t.slowestDecision.ID)
	}
}

// verifyPatience bounds the indexer's catching up.
const verifyPatience = 60 * time.Second

// audit and verify run the product's own checks.
func (g *ground) audit(ctx context.Context) trial.Verdict {
	out, err := g.Aforro(ctx, "audit")
	fmt.Printf("\naforro audit\n%s\n", indent(out))
	if err != nil {
		return trial.Check("aforro audit is clean", err.Error())
	}
	return trial.Check("aforro audit is clean")
}

func (g *ground) verify(ctx context.Context) trial.Verdict {
	var out string
	var err error
	trial.Until(ctx, verifyPatience, time.Second, func(ctx context.Context) bool {
		out, err = g.Aforro(ctx, "verify", "--full")
		return err == nil
	})
	fmt.Printf("\naforro verify --full\n%s\n\n", indent(out))
	if err != nil {
		return trial.Check("every index document is what PostgreSQL says", err.Error())
	}
	return trial.Check("every index document is what PostgreSQL says")
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}
