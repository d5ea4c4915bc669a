package audit_test

import (
	"slices"
	"testing"

	"aforro/pkg/audit"
)

func TestEveryCheckHasARule(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range append(audit.Checks(), audit.HeldBeyond) {
		holds, of, fix := c.Rule()
		if holds == "" || of == "" || fix == "" || holds == string(c) || seen[holds] {
			t.Errorf("%s: %q of %q, %q", c, holds, of, fix)
		}
		seen[holds] = true
	}
	if slices.Contains(audit.Checks(), audit.HeldBeyond) {
		t.Error("a note is no check")
	}
	if holds, _, _ := audit.Check("none").Rule(); holds != "none" {
		t.Errorf("an unknown check holds %q", holds)
	}
}

func TestReportCounts(t *testing.T) {
	t.Parallel()
	r := audit.Report{Results: []audit.Result{{Found: 0}, {Found: 3}, {Found: 30}}, Notes: []audit.Result{{Found: 5}}}
	if r.Found() != 33 || r.Off() != 2 {
		t.Errorf("%d findings in %d checks", r.Found(), r.Off())
	}
}
