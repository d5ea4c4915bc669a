package main

import (
	"os"
	"testing"
	"time"
)

func TestProcessTimes(t *testing.T) {
	t.Parallel()
	got, err := parseTimes("12 (a) b (c)) S 7 12 12 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 999 5 6")
	if err != nil || got != (processTime{pid: 12, parent: 7, own: 120, ended: 7}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := parseTimes("12 (a) S 7"); err == nil {
		t.Error("a short line is understood")
	}
	all := times{1: {1, 0, 1, 2}, 2: {2, 1, 10, 0}, 3: {3, 2, 100, 5}, 4: {4, 0, 1000, 0}}
	if used := all.of(1); used != 118 {
		t.Errorf("1 and all below it used %v", used)
	}
	now, err := processTimes()
	if self, found := now[os.Getpid()]; err != nil || !found || self.parent != os.Getppid() {
		t.Errorf("we are %+v, %v", self, err)
	}
}

func TestMachineTimes(t *testing.T) {
	t.Parallel()
	all, idle, stolen, err := machineTimes("cpu  100 1 50 800 20 3 4 5 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
	if err != nil || all != 983 || idle != 820 || stolen != 5 {
		t.Errorf("all %v, idle %v, stolen %v, %v", all, idle, stolen, err)
	}
	if _, _, _, err := machineTimes("intr 1 2"); err == nil {
		t.Error("another line is understood")
	}
}

func TestSpent(t *testing.T) {
	t.Parallel()
	u := between([]program{{name: "api"}, {name: "redis"}},
		sample{programs: []float64{100, 0}, all: 1000, idle: 500, stolen: 0, flushes: 10, walBytes: 1000},
		sample{programs: []float64{200, 50}, all: 2000, idle: 1200, stolen: 50, flushes: 30, walBytes: 9000})
	if got := u.String(); got != "processor s: api 1.0, redis 0.5, others 1.0, stolen 0.5, idle 7.0 of 10.0" {
		t.Error(got)
	}
	if got := u.perOrder(40); got != "an order: 0.50 flushes, 200 B of WAL" {
		t.Error(got)
	}
}

func TestReadProgress(t *testing.T) {
	t.Parallel()
	const said = `pgbench (15.18)
progress: 1.0 s, 100.0 tps, lat 90.0 ms stddev 20.0, 0 failed
progress: 2.0 s, 1500.0 tps, lat 40.0 ms stddev 20.0, 0 failed
progress: 3.0 s, 2000.0 tps, lat 30.0 ms stddev 20.0, 0 failed
progress: 4.0 s, 3000.0 tps, lat 20.0 ms stddev 20.0, 0 failed
progress: 5.0 s, 9000.0 tps, lat 10.0 ms stddev 20.0, 0 failed
`
	p := pace{warm: 2 * time.Second, length: 2 * time.Second}
	if rate, mean, err := readProgress(said, p); err != nil || rate != 2500 || mean != 24*time.Millisecond {
		t.Errorf("got %v/s, mean %v, %v", rate, mean, err)
	}
	if _, _, err := readProgress(said[:200], p); err == nil {
		t.Error("a run that ended in its warm-up has a rate")
	}
	if _, _, err := readProgress("progress: 3.0 s, 2000.0 tps, lat 30.0 ms stddev 20.0, 1 failed\n", p); err == nil {
		t.Error("failed transactions are passed over")
	}
}
