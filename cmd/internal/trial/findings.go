package trial

import (
	"fmt"
	"strings"
	"sync"
)

// mostExamples bounds what is told of one kind of finding.
const mostExamples = 5

// Findings are what should not have happened, by kind. Safe for many goroutines.
type Findings struct {
	mu    sync.Mutex
	kinds map[string]*Finding
}

// Finding is one kind of them: how many, and the first.
type Finding struct {
	Count    int
	Examples []string
}

func (f *Finding) add(example string) {
	f.Count++
	if len(f.Examples) < mostExamples {
		f.Examples = append(f.Examples, example)
	}
}

// Add notes one more of a kind.
func (f *Findings) Add(kind, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kinds == nil {
		f.kinds = map[string]*Finding{}
	}
	if f.kinds[kind] == nil {
		f.kinds[kind] = &Finding{}
	}
	f.kinds[kind].add(fmt.Sprintf(format, args...))
}

// Of is what was found of a kind.
func (f *Findings) Of(kind string) Finding {
	f.mu.Lock()
	defer f.mu.Unlock()
	if found := f.kinds[kind]; found != nil {
		return *found
	}
	return Finding{}
}

// None reports whether nothing was found of any kind.
func (f *Findings) None() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.kinds) == 0
}

// Verdict is one check with what it found.
type Verdict struct {
	What string
	Finding
}

// Check is the verdict on what must not be found.
func Check(what string, found ...string) Verdict {
	v := Verdict{What: what}
	for _, f := range found {
		v.add(f)
	}
	return v
}

// OK reports whether nothing was found.
func (v Verdict) OK() bool { return v.Count == 0 }

// Announce shows the verdicts and counts those that are off.
func Announce(verdicts []Verdict) (off int) {
	for _, v := range verdicts {
		v.print()
		if !v.OK() {
			off++
		}
	}
	return off
}

// print shows a verdict with the first of what it found.
func (v Verdict) print() {
	if v.OK() {
		fmt.Printf("ok   %s\n", v.What)
		return
	}
	fmt.Printf("OFF  %s: %d times not\n", v.What, v.Count)
	for _, e := range v.Examples {
		fmt.Printf("       %s\n", strings.ReplaceAll(strings.TrimSpace(e), "\n", "\n       "))
	}
}
