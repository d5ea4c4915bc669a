package storefront

import (
	"html"
	"regexp"
	"strconv"
	"strings"
)

// money writes a decimal with its thousands apart: 1499.00 is 1,499.00.
func money(decimal string) string {
	whole, cents, some := strings.Cut(decimal, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return decimal
	}
	if !some {
		return grouped(n)
	}
	return grouped(n) + "." + cents
}

// grouped writes a whole number with its thousands apart.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// Piece is a part of a text, marked where it matched.
type Piece struct {
	Text   string
	Marked bool
}

// marked takes a highlight apart: escaped text with <em> around what matched.
// The pieces are plain text, which the template escapes again.
func marked(highlight string) []Piece {
	var pieces []Piece
	for i, part := range strings.Split(highlight, "<em>") {
		inside, after, closed := strings.Cut(part, "</em>")
		if i > 0 && closed {
			pieces = append(pieces, Piece{html.UnescapeString(inside), true})
			part = after
		}
		if part != "" {
			pieces = append(pieces, Piece{html.UnescapeString(part), false})
		}
	}
	return pieces
}

var notInIDs = regexp.MustCompile(`[^a-z0-9]+`)

// elementID makes an id from words, with a number that keeps like ones apart.
func elementID(number int, words ...string) string {
	return strings.Trim(notInIDs.ReplaceAllString(strings.ToLower(strings.Join(words, "-")), "-"), "-") + "-" + strconv.Itoa(number)
}
