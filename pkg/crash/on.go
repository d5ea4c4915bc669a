//go:build crashpoints

package crash

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Variable arms a point: its name, and after a colon the pass that is the last.
const Variable = "AFORRO_CRASH_AT"

// armed is where this process dies, and at which pass.
var (
	armed  Point
	last   int64
	passes atomic.Int64
)

// The variable is read before anything runs, and then taken away: it is no
// setting, and the check of the settings would refuse it.
func init() {
	text := os.Getenv(Variable)
	if text == "" {
		return
	}
	var err error
	if armed, last, err = parse(text); err == nil {
		err = os.Unsetenv(Variable)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", Variable, err)
		os.Exit(2)
	}
}

func parse(text string) (Point, int64, error) {
	name, times, counted := strings.Cut(text, ":")
	if !slices.Contains(Points(), Point(name)) {
		return "", 0, fmt.Errorf("there is no point %q", name)
	}
	if !counted {
		return Point(name), 1, nil
	}
	n, err := strconv.ParseInt(times, 10, 64)
	if err != nil || n < 1 {
		return "", 0, errors.New("which pass must be a number from 1 on")
	}
	return Point(name), n, nil
}

// At ends the process on the spot when the point is armed and it is its turn.
// Whoever comes there has come to the end: At does not return.
func At(p Point) {
	if p != armed || passes.Add(1) < last {
		return
	}
	fmt.Fprintf(os.Stderr, "crash: dying at %s, pass %d\n", p, last)
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		fmt.Fprintf(os.Stderr, "crash: %v\n", err)
	}
	select {}
}
