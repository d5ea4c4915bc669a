package search

import (
	"strings"
	"testing"
	"time"
)

var limits = Limits{NDCGLoss: .02, ZeroGain: .01, Overlap: .6, Slower: 1.5}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func TestWhatPassesAndWhatFails(t *testing.T) {
	t.Parallel()
	ranked := func(ndcg float64, empty int) Report {
		return Report{Asked: 200, Counted: 100, Mean: Measures{NDCG: ndcg}, Empty: make([]string, empty)}
	}
	ranking := func(check int, ndcg float64, empty int) Finding {
		return JudgeRanking(ranked(.8, 3), ranked(ndcg, empty), limits)[check]
	}
	for name, c := range map[string]struct {
		f    Finding
		want Result
	}{
		"as many documents":              {JudgeDocuments(100, 100, 100), Passed},
		"products came while counting":   {JudgeDocuments(103, 100, 105), Passed},
		"products went while counting":   {JudgeDocuments(103, 105, 100), Passed},
		"a document too few":             {JudgeDocuments(99, 100, 105), Failed},
		"a document too many":            {JudgeDocuments(101, 100, 100), Failed},
		"no difference":                  {JudgeDrift(0), Passed},
		"a difference":                   {JudgeDrift(1), Failed},
		"a better ranking":               {ranking(0, .9, 3), Passed},
		"just within the limit":          {ranking(0, .78, 3), Passed},
		"a worse ranking":                {ranking(0, .779, 3), Failed},
		"two more find nothing":          {ranking(1, .8, 5), Passed},
		"three more find nothing":        {ranking(1, .8, 6), Failed},
		"fewer find nothing":             {ranking(1, .8, 0), Passed},
		"nothing relevant is judged":     {JudgeRanking(Report{}, Report{}, limits)[0], Skipped},
		"enough of the first ten stays":  {JudgeOverlap(.6, 5, limits), Passed},
		"too little stays":               {JudgeOverlap(.59, 5, limits), Failed},
		"as fast":                        {JudgeLatency(Latency{ms(20), ms(40)}, Latency{ms(20), ms(40)}, limits), Passed},
		"slower within the limit":        {JudgeLatency(Latency{ms(20), ms(40)}, Latency{ms(30), ms(60)}, limits), Passed},
		"the middle is slower":           {JudgeLatency(Latency{ms(20), ms(40)}, Latency{ms(31), ms(60)}, limits), Failed},
		"the slowest are slower":         {JudgeLatency(Latency{ms(20), ms(40)}, Latency{ms(20), ms(61)}, limits), Failed},
		"thrice as long, and still soon": {JudgeLatency(Latency{ms(2), ms(3)}, Latency{ms(6), ms(8)}, limits), Passed},
	} {
		if c.f.Result != c.want || (c.want == Failed) != (c.f.Why != "" && c.f.Result == Failed) {
			t.Errorf("%s: %+v", name, c.f)
		}
	}
}

func TestOnlySomeChecksCanBeAccepted(t *testing.T) {
	t.Parallel()
	v := Verdict{JudgeDocuments(1, 2, 2), JudgeDrift(1), JudgeOverlap(.1, 9, limits), JudgeLatency(Latency{}, Latency{P50: time.Second}, limits), Skip(CheckNDCG, "none")}
	if why := v.Why(); !strings.Contains(why, "1 documents for 2 products (documents), ") || !strings.Contains(why, "10.0 % of the first ten stay, over 9 queries (overlap)") {
		t.Error(why)
	}
	v.Accept([]Check{CheckDocuments, CheckDrift, CheckOverlap, CheckNDCG}, "because")
	refused := v.Refused()
	if len(refused) != 3 || refused[0].Check != CheckDocuments || refused[1].Check != CheckDrift || refused[2].Check != CheckLatency {
		t.Errorf("%+v", refused)
	}
	if v[2].Result != Accepted || !strings.HasSuffix(v[2].Why, ": because") || v[4].Result != Skipped {
		t.Errorf("%+v", v)
	}
	var table strings.Builder
	if err := v.Print(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"check ", "overlap ", "at least 60.0 %", "accepted", "FAILED"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is not in\n%s", want, table.String())
		}
	}
}
