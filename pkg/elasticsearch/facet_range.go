package elasticsearch

import (
	"math"
	"strconv"

	"aforro/elastic"
	"aforro/pkg/catalog"
	"aforro/pkg/search"
)

// mostRanges is how many ranges a facet is shown with.
const mostRanges = 6

// priceSteps are where ranges of prices may begin and end.
var priceSteps = []float64{5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 20_000, 50_000}

// cents is a price in minor units.
func cents(price float64) int64 { return int64(math.Round(price * 100)) }

// inUnits is a bound of prices as a number of whole units.
func inUnits(p *catalog.Price) *float64 {
	if p == nil {
		return nil
	}
	units := float64(*p) / 100
	return &units
}

// priceRanges are all ranges of prices; they do not overlap.
func priceRanges() []any {
	ranges := make([]any, 0, len(priceSteps)+1)
	for i := range len(priceSteps) + 1 {
		r := m{}
		if i > 0 {
			r["from"] = cents(priceSteps[i-1])
		}
		if i < len(priceSteps) {
			r["to"] = cents(priceSteps[i])
		}
		ranges = append(ranges, r)
	}
	return ranges
}

// ladder is where ranges may begin and end, and the least difference of two
// values, by which a range ends before the next one begins.
type ladder struct {
	steps []float64
	least float64
	unit  string
}

func ladderOf(facet *elastic.Facet) ladder {
	if facet == nil {
		return ladder{steps: priceSteps, least: .01}
	}
	return ladder{steps: facet.Steps, least: .001, unit: facet.Unit}
}

// reach is a row of steps with the products in it.
type reach struct {
	first, last int
	count       int64
}

// ranges puts the products of each step into a few ranges of round bounds that
// hold about as many each. Empty ones are dropped.
func (l ladder) ranges(counts []int64) []search.FacetValue {
	var spans []reach
	for i, n := range counts {
		if n > 0 {
			spans = append(spans, reach{i, i, n})
		}
	}
	for len(spans) > mostRanges {
		least := 0
		for i := range len(spans) - 1 {
			if spans[i].count+spans[i+1].count < spans[least].count+spans[least+1].count {
				least = i
			}
		}
		spans[least] = reach{spans[least].first, spans[least+1].last, spans[least].count + spans[least+1].count}
		spans = append(spans[:least+1], spans[least+2:]...)
	}
	values := make([]search.FacetValue, len(spans))
	for i, s := range spans {
		values[i] = l.value(s)
	}
	return values
}

func (l ladder) value(s reach) search.FacetValue {
	v := search.FacetValue{Count: s.count}
	var low, high string
	if s.first > 0 {
		n := l.steps[s.first-1]
		v.Min, low = &n, plainNumber(n)
	}
	if s.last < len(l.steps) {
		next := l.steps[s.last]
		n := math.Round((next-l.least)*1000) / 1000
		v.Max, high = &n, plainNumber(next)
	}
	switch {
	case v.Min == nil && v.Max == nil:
		v.Label = "any"
	case v.Min == nil:
		v.Label = "under " + high
	case v.Max == nil:
		v.Label = "from " + low
	default:
		v.Label = low + " – " + high
	}
	v.Label = l.withUnit(v.Label)
	return v
}

func (l ladder) withUnit(label string) string {
	if l.unit == "" {
		return label
	}
	return label + " " + l.unit
}

// choice is a range that somebody chose.
func (l ladder) choice(low, high *float64) search.FacetValue {
	v := search.FacetValue{Min: low, Max: high, Selected: true}
	switch {
	case low == nil:
		v.Label = "up to " + plainNumber(*high)
	case high == nil:
		v.Label = "from " + plainNumber(*low)
	case *low == *high:
		v.Label = plainNumber(*low)
	default:
		v.Label = plainNumber(*low) + " – " + plainNumber(*high)
	}
	v.Label = l.withUnit(v.Label)
	return v
}

func plainNumber(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// sameRange reports whether two values have the same bounds.
func sameRange(a, b search.FacetValue) bool {
	same := func(x, y *float64) bool { return x == nil && y == nil || x != nil && y != nil && *x == *y }
	return same(a.Min, b.Min) && same(a.Max, b.Max)
}
