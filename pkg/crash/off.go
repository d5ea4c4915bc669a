//go:build !crashpoints

package crash

// At does nothing here: the compiler leaves nothing of a call.
func At(Point) {}
