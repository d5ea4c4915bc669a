package search

import (
	"math"
	"testing"
)

func TestPositions(t *testing.T) {
	t.Parallel()
	for text, v := range map[string]Version{"0/0": 0, "0/16B3748": 0x16B3748, "1/0": 1 << 32, "7FFFFFFF/FFFFFFFF": math.MaxInt64} {
		if got := FormatPosition(v); got != text {
			t.Errorf("%d is written %s, want %s", v, got, text)
		}
		if got, err := ParsePosition(text); err != nil || got != v {
			t.Errorf("%s is read as %d, %v", text, got, err)
		}
	}
	if v, err := ParsePosition("0/16b3748"); err != nil || v != 0x16B3748 {
		t.Errorf("small letters: %d, %v", v, err)
	}
	for _, bad := range []string{"", "/", "0", "0/", "/0", "0/0/0", "-1/0", "+1/0", "0/-1", "0x1/0", "1_0/0", " 0/0", "0/0 ", "G/0",
		"123456789/0", "0/123456789", "80000000/0", "23803720", "0/\x00"} {
		if v, err := ParsePosition(bad); err == nil {
			t.Errorf("%q is read as %d", bad, v)
		}
	}
}
