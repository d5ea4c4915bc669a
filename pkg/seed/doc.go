// Package seed makes a synthetic shop of any size for scale runs. Titles are
// put together from the brand, model and type parts of a real catalogue, within
// one of its categories, so that words are as frequent, and as ambiguous, as in
// real data. It knows no database and no transport.
//
// Everything follows from the options and the vocabulary: product i is the same
// whatever comes before it, so a seed that was cut off is completed by repeating
// it. Memory does not grow with the shop.
package seed
