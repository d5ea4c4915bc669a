//go:build integration

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aforro/pkg/crash"
)

// crashWay is one way to come to a crash point: it goes there, sees the process
// die, starts another, and leaves a shop in which all is settled.
type crashWay struct {
	name string
	run  func(s *crashShop, at crash.Point)
}

// The ways to decide. A task comes from the queue, the sweeper has none, and an
// API decides by itself while it cannot reach Redis.
var (
	byAPI     = crashWay{"api", (*crashShop).apiDies}
	byTask    = crashWay{"worker, by task", (*crashShop).workerDies}
	bySweeper = crashWay{"worker, by sweeper", (*crashShop).sweeperDies}
	byLoneAPI = crashWay{"api, no Redis", (*crashShop).loneAPIDies}
	byAsync   = crashWay{"api, 202", (*crashShop).asyncAPIDies}
	byCancel  = crashWay{"api, cancelling", (*crashShop).cancellingAPIDies}
	byTelling = crashWay{"worker, telling", (*crashShop).tellingWorkerDies}
	// A dead worker's confirmations are nobody's until its lease ends. One
	// scenario waits for that.
	byLease = crashWay{"worker, telling", (*crashShop).leaseEnds}
)

// crashWays says how each point is tried. A point without a way fails the suite.
var crashWays = map[crash.Point][]crashWay{
	crash.SaveBegun:       {byAPI},
	crash.SaveWritten:     {byAPI},
	crash.SaveCommitted:   {byAPI, byLoneAPI},
	crash.EnqueueTried:    {byAPI, byLoneAPI},
	crash.SaveFlushed:     {byAsync},
	crash.TaskTaken:       {byTask},
	crash.DecideLocked:    {byTask, bySweeper, byLoneAPI},
	crash.DecideWritten:   {byTask, bySweeper, byLoneAPI},
	crash.DecideCommitted: {byTask, bySweeper, byLoneAPI},
	crash.DecideAnnounced: {byTask, bySweeper},
	crash.AnswerReady:     {byAPI, byLoneAPI, byAsync},
	crash.CancelWritten:   {byCancel},
	crash.CancelCommitted: {byCancel},
	crash.DeliverWoken:    {byTelling},
	crash.DeliverLeased:   {byTelling},
	crash.DeliverTaken:    {byLease},
	crash.DeliverSent:     {byTelling},
	crash.DeliverWritten:  {byTelling},
	crash.DeliverRecorded: {byTelling},
}

// TestCrashPoints dies at every crash point, starts again, sends every request
// again, and checks that each order was decided once.
func TestCrashPoints(t *testing.T) {
	t.Parallel()
	binary := mustBuild(t, "-tags=crashpoints")
	table := &crashTable{}
	t.Run("at", func(t *testing.T) {
		t.Run("nothing of it is shipped", func(t *testing.T) { mustShipNothing(t, binary) })
		for _, p := range crash.Points() {
			if len(crashWays[p]) == 0 {
				t.Errorf("nothing tries %s", p)
			}
			for _, way := range crashWays[p] {
				row := table.add(p, way.name)
				t.Run(string(p)+" "+way.name, func(t *testing.T) {
					t.Parallel()
					defer func() { row.judge(t) }()
					s := newCrashShop(t, binary, row)
					way.run(s, p)
					s.check()
				})
			}
		}
	})
	t.Logf("crash points: %d, scenarios: %d\n%s", len(crash.Points()), len(table.rows), table)
}

// crashRow is what is known of one scenario.
type crashRow struct {
	point, way, left, heal, lease, told, verdict string
}

func (r *crashRow) judge(t *testing.T) {
	r.verdict = "each decided once; audit clean" + r.told
	if t.Failed() {
		r.verdict = "FAILED"
	}
}

type crashTable struct{ rows []*crashRow }

func (c *crashTable) add(p crash.Point, way string) *crashRow {
	row := &crashRow{point: string(p), way: way, verdict: "not tried"}
	c.rows = append(c.rows, row)
	return row
}

func (c *crashTable) String() string {
	var b strings.Builder
	line := func(cells ...any) { fmt.Fprintf(&b, "  %-18s %-20s %-42s %-15s %s\n", cells...) }
	line("died at", "who, how", "left behind", "healed", "verdict")
	for _, r := range c.rows {
		line(r.point, r.way, r.left, r.heal, r.verdict)
	}
	return b.String()
}

// mustBuild builds aforro into a folder of the test's own.
func mustBuild(tb testing.TB, flags ...string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "aforro")
	build := exec.Command("go", append(append([]string{"build", "-buildvcs=false"}, flags...), "-o", path, ".")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("build aforro: %v\n%s", err, out)
	}
	return path
}

// mustShipNothing holds a binary that is built as usual against the armable one:
// it calls nothing, holds no name, and has no ear for the variable.
func mustShipNothing(t *testing.T, armable string) {
	t.Parallel()
	shipped := mustBuild(t)
	for binary, armed := range map[string]bool{shipped: false, armable: true} {
		content, err := os.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{string(crash.DecideWritten), string(crash.SaveFlushed), "AFORRO_CRASH_AT"} {
			if bytes.Contains(content, []byte(name)) != armed {
				t.Errorf("armable %t, and %q is in it: %t", armed, name, !armed)
			}
		}
		code, err := exec.Command("go", "tool", "objdump", "-s", `^aforro/(pkg/postgres|pkg/queue|worker|api)\.`, binary).Output()
		if err != nil || !bytes.Contains(code, []byte("DecidePending")) {
			t.Fatalf("read its code: %d bytes, %v", len(code), err)
		}
		if bytes.Contains(code, []byte("CALL aforro/pkg/crash.At")) != armed {
			t.Errorf("armable %t, and it calls crash.At: %t", armed, !armed)
		}
	}
	for binary, want := range map[string]string{shipped: "AFORRO_CRASH_AT is not a setting", armable: `there is no point "nowhere"`} {
		cmd := exec.Command(binary, "config")
		cmd.Env = append(os.Environ(), "AFORRO_CRASH_AT=nowhere")
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("want %q, got %v: %s", want, err, out)
		}
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
