package search

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Fold brings values of a filter into one form: small letters, in order, without
// doubles. Filters do not heed case.
func Fold(values []string) []string {
	if len(values) == 0 {
		return nil
	}
	folded := make([]string, len(values))
	for i, v := range values {
		folded[i] = strings.ToLower(v)
	}
	slices.Sort(folded)
	return slices.Compact(folded)
}

// Choice is a text that is the same for values of filters that keep the same
// products, in whatever order and case they were given; "" without any.
func (p Params) Choice() string {
	if len(p.Categories)+len(p.Brands)+len(p.Attributes) == 0 && p.Near == nil {
		return ""
	}
	text := fmt.Appendf(nil, "%q%q", Fold(p.Categories), Fold(p.Brands))
	attributes := slices.Clone(p.Attributes)
	slices.SortFunc(attributes, func(a, b AttributeFilter) int { return cmp.Compare(strings.ToLower(a.Key), strings.ToLower(b.Key)) })
	for _, a := range attributes {
		text = fmt.Appendf(text, "%q%q%s,%s", strings.ToLower(a.Key), Fold(a.Values), limit(a.Min), limit(a.Max))
	}
	if n := p.Near; n != nil {
		text = fmt.Appendf(text, "@%g,%g,%g", n.Latitude, n.Longitude, n.RadiusKM)
	}
	return string(text)
}

// limit writes a bound; "" for none.
func limit(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'g', -1, 64)
}
