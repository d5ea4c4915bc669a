package importer

// LoadState is how a bulk load of our own (the demo, a seed) stands.
type LoadState int

// The states of a load.
const (
	// LoadForeign: it was never begun and the catalogue is not empty, so it is
	// somebody's own and nothing is loaded.
	LoadForeign LoadState = iota
	// LoadOpen: it is to be done: just begun, or cut off and to be finished.
	LoadOpen
	// LoadDone: it is complete, so nothing is loaded again: what was sold or
	// changed since stays as it is.
	LoadDone
)
