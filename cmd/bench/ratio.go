package main

import (
	"fmt"
	"slices"
)

// ratios compares rounds of ours with rounds of a reference, pair by pair.
type ratios struct{ ours, reference []float64 }

func (r *ratios) add(ours, reference float64) {
	r.ours = append(r.ours, ours)
	r.reference = append(r.reference, reference)
}

// String gives both medians and the ratio's median with its spread.
func (r *ratios) String() string {
	each := make([]float64, len(r.ours))
	for i := range r.ours {
		each[i] = r.ours[i] / r.reference[i]
	}
	slices.Sort(each)
	return fmt.Sprintf("%.0f against %.0f, ratio %.2f (%.2f to %.2f, %d rounds)",
		median(r.ours), median(r.reference), median(each), each[0], each[len(each)-1], len(each))
}

func (r *ratios) median() float64 {
	each := make([]float64, len(r.ours))
	for i := range r.ours {
		each[i] = r.ours[i] / r.reference[i]
	}
	return median(each)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
