package trial

import "testing"

func TestFindingsKeepTheFirst(t *testing.T) {
	t.Parallel()
	var f Findings
	for n := range 12 {
		f.Add("late", "order %d", n)
	}
	got := f.Of("late")
	if got.Count != 12 || len(got.Examples) != mostExamples || got.Examples[0] != "order 0" {
		t.Errorf("got %+v", got)
	}
	if other := f.Of("change"); other.Count != 0 {
		t.Errorf("nothing was found of the other kind: %+v", other)
	}
}
