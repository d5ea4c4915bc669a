package main

import "aforro/pkg/stack"

// stepBars shows one progress bar after the other, as steps begin.
type stepBars struct {
	report *stack.Reporter
	unit   string
	name   string
	bar    *stack.Progress
}

func (s *stepBars) show(step string, done, total int64) {
	if step != s.name {
		s.end()
		s.name, s.bar = step, s.report.Progress(step, s.unit, total)
	}
	s.bar.Set(done)
}

func (s *stepBars) end() {
	if s.bar != nil {
		s.bar.Done()
	}
	s.bar, s.name = nil, ""
}
