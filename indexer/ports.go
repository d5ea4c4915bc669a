package indexer

import (
	"context"

	"aforro/pkg/search"
)

// Source reads what products are now.
type Source interface {
	// Visible reports whether the transactions (the low 32 bits of their ids) are
	// visible to every later reading.
	Visible(ctx context.Context, transactions []uint32) (bool, error)
	// Project reads the documents of those of the products that have one, by id.
	Project(ctx context.Context, ids []int64) ([]search.Document, error)
	// ProjectAfter reads the next documents in the order of their ids.
	ProjectAfter(ctx context.Context, after int64, limit int) (search.Projection, error)
	CategoryProducts(ctx context.Context, category, after int64, limit int) ([]int64, error)
	CountActive(ctx context.Context) (int64, error)
}

// Log is the database's write-ahead log.
type Log interface {
	History(ctx context.Context) (search.History, error)
	Position(ctx context.Context) (search.Version, error)
	// AnnounceTargets tells the follower of the stream, in the stream, that the
	// set of written indices has changed.
	AnnounceTargets(ctx context.Context) (search.Version, error)
}

// Slot is the place in the log from which changes are kept.
type Slot interface {
	// State gives NotFound when there is none (any more).
	State(ctx context.Context) (search.SlotState, error)
	Create(ctx context.Context) error
	// Open gives Conflict while another process follows it.
	Open(ctx context.Context) (search.ChangeStream, error)
}

// Writer writes documents.
type Writer interface {
	// Bulk gives one result for each write, in their order. NotFound: the index
	// is gone. Unavailable: nothing is known of any.
	Bulk(ctx context.Context, index string, writes []search.Write) ([]search.WriteResult, error)
}

// Versions manages the versions of the index behind the alias.
type Versions interface {
	// Indices lists every version, oldest first.
	Indices(ctx context.Context) ([]search.IndexVersion, error)
	// CreateIndex makes an empty version; the mapping's hash and the time are
	// filled in.
	CreateIndex(ctx context.Context, meta search.IndexMeta) (search.IndexVersion, error)
	SetMeta(ctx context.Context, index string, meta search.IndexMeta) error
	// OpenIndex makes a version ready for searching.
	OpenIndex(ctx context.Context, index string) error
	// SwapAlias makes the version the live one, ready for searching, at once.
	SwapAlias(ctx context.Context, index string) error
	DeleteIndex(ctx context.Context, index string) error
}

// Reader looks at what an index holds.
type Reader interface {
	// Refresh makes what was written visible to Scan.
	Refresh(ctx context.Context, index string) error
	// Scan gives up to limit stored documents with ids above after, by id.
	Scan(ctx context.Context, index string, after int64, limit int) ([]search.StoredDocument, error)
	// Get gives those of the documents that are stored, by id, whether refreshed
	// or not. The ids are in order.
	Get(ctx context.Context, index string, ids []int64) ([]search.StoredDocument, error)
	// Render gives the source that Bulk would store for a document.
	Render(doc *search.Document) ([]byte, error)
}

// Locks keeps others from replacing the live index and from removing versions.
type Locks interface {
	// LockReindex gives Conflict while somebody else holds the lock.
	LockReindex(ctx context.Context) (search.Lock, error)
}

// Engines searches one version of the index, live or not.
type Engines interface {
	On(version string) search.Searcher
}
