package notify_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"aforro/pkg/notify"
)

// A receiver that never answers is tried after about 5 s, 30 s, 2 min and so
// on, for about a day, and then no more.
func TestADayOfAttempts(t *testing.T) {
	t.Parallel()
	for name, spread := range map[string]float64{"early": 0, "middle": 0.5, "late": 0.999} {
		d := notify.Delivery{ID: 7, Lease: time.Unix(5, 0)}
		var pauses []time.Duration
		for {
			o := notify.Judge(d, notify.Failed("away"), spread)
			if o.DeliveryID != 7 || !o.Lease.Equal(d.Lease) || o.Error != "away" {
				t.Fatalf("%s: got %+v", name, o)
			}
			if o.State == notify.Parked {
				break
			}
			pauses = append(pauses, o.RetryIn)
			d.Attempts++
			d.Age += o.RetryIn
			if len(pauses) > 20 {
				t.Fatalf("%s: it never ends: %v", name, pauses)
			}
		}
		if d.Age < 20*time.Hour || d.Age > 27*time.Hour {
			t.Errorf("%s: parked after %s and %d attempts", name, d.Age, d.Attempts+1)
		}
		for i, about := range []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
			2 * time.Hour, 4 * time.Hour, 8 * time.Hour} {
			if i >= len(pauses) || pauses[i] < about*9/10 || pauses[i] > about*11/10 {
				t.Errorf("%s: pause %d of %v is not about %s", name, i, pauses, about)
			}
		}
	}
}

func TestJudgement(t *testing.T) {
	t.Parallel()
	fresh, old := notify.Delivery{}, notify.Delivery{Age: notify.Day}
	for _, tt := range []struct {
		name    string
		d       notify.Delivery
		r       notify.Result
		want    notify.State
		expired bool
	}{
		{"delivered", fresh, notify.Result{Delivered: true, Status: 204}, notify.Delivered, false},
		{"delivered late", old, notify.Result{Delivered: true}, notify.Delivered, false},
		{"failed", fresh, notify.Result{Status: 500}, notify.Due, false},
		{"no attempt can help", fresh, notify.Refused(410, "gone"), notify.Parked, false},
		{"the last attempt", notify.Delivery{Attempts: 10}, notify.Failed("x"), notify.Parked, false},
		{"the day is over", old, notify.Failed("x"), notify.Parked, true},
	} {
		o := notify.Judge(tt.d, tt.r, 0.5)
		if o.State != tt.want || notify.Expired(tt.d, o) != tt.expired || (o.RetryIn > 0) != (tt.want == notify.Due) {
			t.Errorf("%s: got %+v", tt.name, o)
		}
	}
}

func TestWhatIsKeptOfAFailureIsShort(t *testing.T) {
	t.Parallel()
	o := notify.Judge(notify.Delivery{}, notify.Failed("a\r\n\x00b \xff"+strings.Repeat("é", 500)), 0)
	if utf8.RuneCountInString(o.Error) > 200 || !utf8.ValidString(o.Error) || strings.ContainsAny(o.Error, "\r\n\x00") || !strings.HasPrefix(o.Error, "a b ?é") {
		t.Errorf("got %q", o.Error)
	}
}
