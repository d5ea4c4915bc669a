package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"aforro/pkg/lifecycle"
)

// program is a running process whose processor time is shown, that of all below
// it included unless it is alone: everything here is below ourselves.
type program struct {
	name  string
	pid   int
	alone bool
}

// ticks is how many units the kernel counts a second of processor time in; for
// programs it is always this.
const ticks = 100

// spent is where the machine's processor time went in a while.
type spent struct {
	each  []string // "name seconds"
	idle  float64
	whole float64
	// flushes and walBytes are what PostgreSQL wrote; it reports them up to a
	// second late.
	flushes, walBytes float64
}

func (u spent) String() string {
	return fmt.Sprintf("processor s: %s, idle %.1f of %.1f", strings.Join(u.each, ", "), u.idle, u.whole)
}

// perOrder is what one order cost in writing.
func (u spent) perOrder(orders float64) string {
	if orders == 0 {
		return "no order was CONFIRMED at once"
	}
	return fmt.Sprintf("an order: %.2f flushes, %.0f B of WAL", u.flushes/orders, u.walBytes/orders)
}

// sample is a state of all counters; all but wal are in ticks since the start.
type sample struct {
	programs          []float64
	all, idle, stolen float64
	flushes, walBytes float64
}

// watch looks at the processor time during the measured part of a load that
// begins now; the result is there when that part is over.
func (m *market) watch(ctx context.Context, p pace, programs ...program) func() (spent, error) {
	programs = append(programs, program{name: "postgres", pid: m.services.Postgres.Pid()})
	type outcome struct {
		spent
		error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		o.spent, o.error = m.measure(ctx, p, programs)
		done <- o
	}()
	return func() (spent, error) {
		o := <-done
		return o.spent, o.error
	}
}

func (m *market) measure(ctx context.Context, p pace, programs []program) (spent, error) {
	if err := lifecycle.Sleep(ctx, p.warm); err != nil {
		return spent{}, err
	}
	before, err := m.sample(programs)
	if err != nil {
		return spent{}, err
	}
	if err := lifecycle.Sleep(ctx, p.length); err != nil {
		return spent{}, err
	}
	after, err := m.sample(programs)
	if err != nil {
		return spent{}, err
	}
	return between(programs, before, after), nil
}

func between(programs []program, before, after sample) spent {
	u := spent{idle: (after.idle - before.idle) / ticks, whole: (after.all - before.all) / ticks,
		flushes: after.flushes - before.flushes, walBytes: after.walBytes - before.walBytes}
	stolen := (after.stolen - before.stolen) / ticks
	others := u.whole - u.idle - stolen
	for i, p := range programs {
		seconds := (after.programs[i] - before.programs[i]) / ticks
		u.each = append(u.each, fmt.Sprintf("%s %.1f", p.name, seconds))
		others -= seconds
	}
	u.each = append(u.each, fmt.Sprintf("others %.1f", max(0, others)))
	if stolen >= 0.05 {
		u.each = append(u.each, fmt.Sprintf("stolen %.1f", stolen))
	}
	return u
}

func (m *market) sample(programs []program) (s sample, err error) {
	all, err := processTimes()
	if err != nil {
		return s, err
	}
	for _, p := range programs {
		if p.alone {
			s.programs = append(s.programs, all[p.pid].own)
		} else {
			s.programs = append(s.programs, all.of(p.pid))
		}
	}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return s, fmt.Errorf("read the machine's processor time: %w", err)
	}
	if s.all, s.idle, s.stolen, err = machineTimes(string(stat)); err != nil {
		return s, err
	}
	rows, err := m.session.ask("SELECT wal_sync, wal_bytes FROM pg_stat_wal;\n")
	if err != nil {
		return s, err
	}
	syncs, bytes, _ := strings.Cut(rows[0], "|")
	var syncErr, bytesErr error
	s.flushes, syncErr = strconv.ParseFloat(syncs, 64)
	s.walBytes, bytesErr = strconv.ParseFloat(bytes, 64)
	return s, errors.Join(syncErr, bytesErr)
}

// machineTimes reads the first line of /proc/stat: user, nice, system, idle,
// iowait, irq, softirq, steal, and then what is part of user already.
func machineTimes(stat string) (all, idle, stolen float64, err error) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, 0, fmt.Errorf("the machine's processor time is not understood: %q", line)
	}
	var n [8]float64
	for i := range n {
		if n[i], err = strconv.ParseFloat(fields[i+1], 64); err != nil {
			return 0, 0, 0, fmt.Errorf("the machine's processor time is not understood: %w", err)
		}
		all += n[i]
	}
	return all, n[3] + n[4], n[7], nil
}

// times are the processes that run.
type times map[int]processTime

// processTime is who started a process and what it used itself, and what those
// of its children used that have ended.
type processTime struct {
	pid, parent int
	own, ended  float64
}

// of is what a process and all below it have used. One that has ended counts
// through its parent.
func (t times) of(pid int) float64 {
	sum := t[pid].own + t[pid].ended
	for child, x := range t {
		if x.parent == pid {
			sum += t.of(child)
		}
	}
	return sum
}

func processTimes() (times, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	all := times{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		one, err := parseTimes(string(text))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		all[one.pid] = one
	}
	return all, nil
}

// parseTimes reads a line of /proc/PID/stat. The program's name, in parentheses,
// may hold anything, so the fields behind it are counted from its end.
func parseTimes(line string) (processTime, error) {
	before, _, _ := strings.Cut(line, " ")
	fields := strings.Fields(line[strings.LastIndex(line, ")")+1:])
	if len(fields) < 15 {
		return processTime{}, fmt.Errorf("not understood: %q", line)
	}
	pid, pidErr := strconv.Atoi(before)
	parent, parentErr := strconv.Atoi(fields[1])
	failed := errors.Join(pidErr, parentErr)
	var n [4]float64 // utime, stime, and both of the children that were waited for
	for i := range n {
		var err error
		n[i], err = strconv.ParseFloat(fields[11+i], 64)
		failed = errors.Join(failed, err)
	}
	return processTime{pid: pid, parent: parent, own: n[0] + n[1], ended: n[2] + n[3]}, failed
}
