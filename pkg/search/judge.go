package search

import (
	"fmt"
	"time"
)

// noise is a difference in time that proves nothing on a busy machine, however
// many times the shorter one it is.
const noise = 5 * time.Millisecond

// JudgeDocuments judges a version's documents: as many as active products, of
// which there were least before the documents were counted and most after, or
// the other way round.
func JudgeDocuments(documents, least, most int64) Finding {
	least, most = min(least, most), max(least, most)
	f := Finding{Check: CheckDocuments, New: fmt.Sprint(documents), Limit: fmt.Sprintf("%d products", most)}
	return found(f, least <= documents && documents <= most, fmt.Sprintf("%d documents for %d products", documents, most))
}

// JudgeDrift judges how many documents differ from the database.
func JudgeDrift(differences int64) Finding {
	f := Finding{Check: CheckDrift, New: fmt.Sprint(differences), Limit: "0"}
	return found(f, differences == 0, fmt.Sprintf("%d documents are not what the database says", differences))
}

// JudgeRanking judges what the judged queries found.
func JudgeRanking(before, now Report, l Limits) Verdict {
	return Verdict{judgeNDCG(before, now, l), judgeZero(before, now, l)}
}

func judgeNDCG(before, now Report, l Limits) Finding {
	if before.Counted == 0 {
		return Skip(CheckNDCG, "no judged query has a relevant product")
	}
	was, is := before.Mean.NDCG, now.Mean.NDCG
	f := Finding{Check: CheckNDCG, Old: fmt.Sprintf("%.3f", was), New: fmt.Sprintf("%.3f", is), Limit: fmt.Sprintf("at least %.3f", max(0, was-l.NDCGLoss))}
	return found(f, atLeast(is, was-l.NDCGLoss), fmt.Sprintf("judged results are worse, NDCG@10 %.3f after %.3f", is, was))
}

func judgeZero(before, now Report, l Limits) Finding {
	share := func(r Report) float64 { return float64(len(r.Empty)) / float64(max(1, r.Asked)) }
	was, is := share(before), share(now)
	f := Finding{Check: CheckZero, Old: percent(was), New: percent(is), Limit: "at most " + percent(was+l.ZeroGain)}
	return found(f, atLeast(was+l.ZeroGain, is), fmt.Sprintf("%d of %d judged queries find nothing, %d before", len(now.Empty), now.Asked, len(before.Empty)))
}

// JudgeOverlap judges how much of the first ten stays, in the mean of so many
// queries.
func JudgeOverlap(mean float64, queries int, l Limits) Finding {
	f := Finding{Check: CheckOverlap, New: percent(mean), Limit: "at least " + percent(l.Overlap)}
	return found(f, atLeast(mean, l.Overlap), fmt.Sprintf("only %s of the first ten stay, over %d queries", percent(mean), queries))
}

// JudgeLatency judges how long searches take.
func JudgeLatency(before, now Latency, l Limits) Finding {
	f := Finding{Check: CheckLatency, Old: before.String(), New: now.String(), Limit: fmt.Sprintf("at most × %.2f", l.Slower)}
	return found(f, !now.slower(before, l.Slower), fmt.Sprintf("searches take longer, %s after %s", now, before))
}

// Latency is how long searches took.
type Latency struct{ P50, P95 time.Duration }

// String gives both in milliseconds.
func (l Latency) String() string {
	return fmt.Sprintf("%.1f/%.1f ms", float64(l.P50.Microseconds())/1000, float64(l.P95.Microseconds())/1000)
}

// slower reports whether more than times as long is taken, beyond noise.
func (l Latency) slower(before Latency, times float64) bool {
	longer := func(now, was time.Duration) bool {
		return now-was > noise && float64(now) > float64(was)*times
	}
	return longer(l.P50, before.P50) || longer(l.P95, before.P95)
}

// atLeast allows for what adding up floats loses.
func atLeast(v, least float64) bool { return v >= least-1e-9 }

func percent(share float64) string { return fmt.Sprintf("%.1f %%", share*100) }
