package search

import (
	"fmt"
	"strconv"
	"strings"
)

// FormatPosition writes a position as PostgreSQL does: two hexadecimal numbers.
func FormatPosition(v Version) string {
	return fmt.Sprintf("%X/%X", uint64(v)>>32, uint32(v))
}

// ParsePosition reads what FormatPosition writes, in either case of letters, and
// nothing else.
func ParsePosition(text string) (Version, error) {
	high, low, ok := strings.Cut(text, "/")
	h, err1 := positionHalf(high)
	l, err2 := positionHalf(low)
	if !ok || err1 != nil || err2 != nil || h > 1<<31-1 {
		return 0, fmt.Errorf("%q is no position of a log", text)
	}
	return Version(h<<32 | l), nil
}

func positionHalf(digits string) (uint64, error) {
	if digits == "" || len(digits) > 8 || strings.Trim(digits, "0123456789abcdefABCDEF") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseUint(digits, 16, 32)
}
