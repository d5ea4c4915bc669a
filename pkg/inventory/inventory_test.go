package inventory

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"aforro/pkg/fault"
)

func TestAvailable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ onHand, held, want int64 }{
		{10, 0, 10}, {10, 3, 7}, {10, 10, 0}, {2, 5, 0}, {0, 0, 0}, {MaxQuantity, 1, MaxQuantity - 1},
	} {
		if got := (Stock{OnHand: c.onHand, Held: c.held}).Available(); got != c.want {
			t.Errorf("%d on hand, %d held: %d, want %d", c.onHand, c.held, got, c.want)
		}
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line          AdjustmentLine
		onHand, after int64
		ok            bool
	}{
		{AdjustmentLine{Change: Set, Pieces: 10}, 3, 10, true},
		{AdjustmentLine{Change: Set, Pieces: 0}, 3, 0, true},
		{AdjustmentLine{Change: Set, Pieces: -1}, 3, -1, false},
		{AdjustmentLine{Change: Add, Pieces: -3}, 3, 0, true},
		{AdjustmentLine{Change: Add, Pieces: -4}, 3, -1, false},
		{AdjustmentLine{Change: Add, Pieces: 1}, MaxQuantity - 1, MaxQuantity, true},
		{AdjustmentLine{Change: Add, Pieces: 1}, MaxQuantity, MaxQuantity + 1, false},
		{AdjustmentLine{Change: Add, Pieces: MaxQuantity}, MaxQuantity, 2 * MaxQuantity, false},
	} {
		if after, ok := c.line.Apply(c.onHand); after != c.after || ok != c.ok {
			t.Errorf("%+v of %d: %d %t, want %d %t", c.line, c.onHand, after, ok, c.after, c.ok)
		}
	}
}

func TestFaultsOfAdjustments(t *testing.T) {
	t.Parallel()
	set := func(id, n int64) AdjustmentLine { return AdjustmentLine{ProductID: id, Change: Set, Pieces: n} }
	add := func(id, n int64) AdjustmentLine { return AdjustmentLine{ProductID: id, Change: Add, Pieces: n} }
	many := func(n int64) (lines []AdjustmentLine) {
		for i := range n {
			lines = append(lines, set(i+1, i))
		}
		return lines
	}
	one := []AdjustmentLine{set(1, 1)}
	for name, c := range map[string]struct {
		a    Adjustment
		want []string
	}{
		"the least":            {Adjustment{Reason: "r", Lines: []AdjustmentLine{set(1, 0)}}, nil},
		"the most":             {Adjustment{Reason: "a" + strings.Repeat("-", 39), Note: strings.Repeat("ü", MaxNote), Lines: many(500)}, nil},
		"the largest changes":  {Adjustment{Reason: "r_2", Lines: []AdjustmentLine{set(1, MaxQuantity), add(2, MaxQuantity), add(3, -MaxQuantity)}}, nil},
		"manual":               {Adjustment{Reason: ReasonManual, Lines: one}, nil},
		"no reason":            {Adjustment{Lines: one}, []string{"body.reason"}},
		"a long reason":        {Adjustment{Reason: strings.Repeat("a", 41), Lines: one}, []string{"body.reason"}},
		"a sentence":           {Adjustment{Reason: "it fell", Lines: one}, []string{"body.reason"}},
		"capitals":             {Adjustment{Reason: "Recount", Lines: one}, []string{"body.reason"}},
		"a line break":         {Adjustment{Reason: "recount\n", Lines: one}, []string{"body.reason"}},
		"a long note":          {Adjustment{Reason: "r", Note: strings.Repeat("n", MaxNote+1), Lines: one}, []string{"body.note"}},
		"a NUL in the note":    {Adjustment{Reason: "r", Note: "a\x00b", Lines: one}, []string{"body.note"}},
		"no lines":             {Adjustment{Reason: "r"}, []string{"body.lines"}},
		"501 lines":            {Adjustment{Reason: "r", Lines: many(501)}, []string{"body.lines"}},
		"two of one product":   {Adjustment{Reason: "r", Lines: []AdjustmentLine{set(1, 1), set(2, 1), add(1, 1)}}, []string{"body.lines[2].product_id"}},
		"set below none":       {Adjustment{Reason: "r", Lines: []AdjustmentLine{set(1, -1)}}, []string{"body.lines[0].set"}},
		"set too much":         {Adjustment{Reason: "r", Lines: []AdjustmentLine{set(1, MaxQuantity+1)}}, []string{"body.lines[0].set"}},
		"add too much":         {Adjustment{Reason: "r", Lines: []AdjustmentLine{add(1, MaxQuantity+1)}}, []string{"body.lines[0].add"}},
		"take too much":        {Adjustment{Reason: "r", Lines: []AdjustmentLine{add(1, math.MinInt64)}}, []string{"body.lines[0].add"}},
		"neither set nor add":  {Adjustment{Reason: "r", Lines: []AdjustmentLine{{ProductID: 1}}}, []string{"body.lines[0]"}},
		"a repair's reason":    {Adjustment{Reason: "repair", Lines: one}, []string{"body.reason"}},
		"everything, together": {Adjustment{Reason: "sql", Note: "\x00", Lines: []AdjustmentLine{set(1, -1), {ProductID: 1}}}, []string{"body.reason", "body.note", "body.lines[0].set", "body.lines[1].product_id", "body.lines[1]"}},
	} {
		var got []string
		for _, f := range c.a.Faults() {
			got = append(got, f.Location)
		}
		if err := c.a.Validate(); !slices.Equal(got, c.want) || (err == nil) != (len(c.want) == 0) || (err != nil && !fault.Is(err, fault.Invalid)) {
			t.Errorf("%s: %q %v, want %q", name, got, err, c.want)
		}
	}
}

// The ledger's own reasons tell who changed stock; by hand nobody can pretend.
func TestTheLedgersReasonsAreReserved(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{ReasonSQL, ReasonOrder, "cancel", ReasonImport, ReasonSeed} {
		a := Adjustment{Reason: reason, Lines: []AdjustmentLine{{ProductID: 1, Change: Set}}}
		if !fault.Is(a.Validate(), fault.Invalid) {
			t.Errorf("%s is taken for a correction by hand", reason)
		}
	}
}

func TestCheckHold(t *testing.T) {
	t.Parallel()
	for hold, ok := range map[time.Duration]bool{
		time.Second: true, DefaultHold: true, time.Hour: true, 0: false, -time.Second: false, time.Hour + time.Second: false, 999 * time.Millisecond: false,
	} {
		if err := CheckHold(hold); (err == nil) != ok || (err != nil && !fault.Is(err, fault.Invalid)) {
			t.Errorf("%s: %v", hold, err)
		}
	}
}
