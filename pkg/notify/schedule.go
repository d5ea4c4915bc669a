package notify

import (
	"strings"
	"time"
	"unicode/utf8"
)

// delays are the pauses between attempts. Their sum is 23 h 42 min, so that a
// receiver that is away for a day is heard of before anything is given up.
var delays = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 8 * time.Hour,
}

// Day is how long a delivery is tried. One that fails later is parked, whatever
// the number of its attempts.
const Day = 24 * time.Hour

// maxError bounds what is kept of a failure, in characters.
const maxError = 200

// Judge says what follows from the result of an attempt. spread is a random
// number in [0, 1): it moves the next attempt by up to a tenth to either side,
// so that what failed together does not come back together.
func Judge(d Delivery, r Result, spread float64) Outcome {
	o := Outcome{DeliveryID: d.ID, Lease: d.Lease, State: Delivered}
	if r.Delivered {
		return o
	}
	o.Error = shorten(r.Detail)
	if r.Final || d.Attempts >= len(delays) || d.Age >= Day {
		o.State = Parked
		return o
	}
	o.State = Due
	o.RetryIn = time.Duration(float64(delays[d.Attempts]) * (0.9 + 0.2*spread))
	return o
}

// Expired reports whether a delivery was parked because its day is over.
func Expired(d Delivery, o Outcome) bool { return o.State == Parked && d.Age >= Day }

// shorten makes one line of bounded length, of valid text.
func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "")), " ")
	if utf8.RuneCountInString(s) <= maxError {
		return s
	}
	return string([]rune(s)[:maxError-1]) + "…"
}
