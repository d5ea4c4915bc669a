package indexer

import (
	"context"
	"time"

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
	// SumAfter adds up the hashes of the next products in the order of their ids.
	SumAfter(ctx context.Context, after int64, limit int) (search.ProductSum, error)
	// Hashes lists up to limit products of a span, by id.
	Hashes(ctx context.Context, span search.Span, limit int) ([]search.ProductHash, error)
	// Stamps gives of those of the products that have a document a number that
	// changes whenever the product does, also when it goes and comes back.
	Stamps(ctx context.Context, ids []int64) (map[int64]int64, error)
}

// Log is the database's write-ahead log.
type Log interface {
	History(ctx context.Context) (search.History, error)
	Position(ctx context.Context) (search.Version, error)
	// Now is Position with the database's time of it.
	Now(ctx context.Context) (search.Version, time.Time, error)
	// SendHeartbeat puts a heartbeat into the stream.
	SendHeartbeat(ctx context.Context) error
	// AnnounceTargets tells the follower of the stream, in the stream, that the
	// set of written indices has changed.
	AnnounceTargets(ctx context.Context) (search.Version, error)
	// AskFor has the follower of the stream write products anew, in their turn:
	// done when its position is at or beyond the one returned. So is whatever was
	// visible before; without ids only that.
	AskFor(ctx context.Context, ids []int64) (search.Version, error)
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
	// Bulk gives one result for each write, in their order, though some write to
	// both parts. NotFound: the index, or a part, is gone. Unavailable: nothing is
	// known of any.
	Bulk(ctx context.Context, index string, writes []search.Write) ([]search.WriteResult, error)
	// Remove removes documents by their names, whatever those are.
	Remove(ctx context.Context, index string, part search.Part, names []string) error
}

// Versions manages the versions of the index behind the alias: always both
// parts of one.
type Versions interface {
	// Indices lists every version, oldest first.
	Indices(ctx context.Context) ([]search.IndexVersion, error)
	// CreateIndex makes an empty version; the mapping's hash and the time are
	// filled in.
	CreateIndex(ctx context.Context, meta search.IndexMeta) (search.IndexVersion, error)
	SetMeta(ctx context.Context, index string, meta search.IndexMeta) error
	// Tolerate lets a version of an older program take fields that it does not know.
	Tolerate(ctx context.Context, index string) error
	// CompactIndex merges what a build has written into few segments, for as long as
	// a minute; searches of a version of few are faster.
	CompactIndex(ctx context.Context, index string) error
	// OpenIndex makes a version ready for searching.
	OpenIndex(ctx context.Context, index string) error
	// SwapAlias makes the version the live one, ready for searching, at once.
	SwapAlias(ctx context.Context, index string) error
	DeleteIndex(ctx context.Context, index string) error
}

// Reader looks at what an index holds. A version is asked by its name and part.
type Reader interface {
	// Refresh makes what was written to both parts visible to Scan.
	Refresh(ctx context.Context, index string) error
	// RefreshLive makes what was written to the live version visible to searches,
	// whichever it is. NotFound: there is none.
	RefreshLive(ctx context.Context) error
	// Scan gives up to limit stored documents with ids above after, by id.
	Scan(ctx context.Context, index string, part search.Part, after int64, limit int) ([]search.StoredDocument, error)
	// ScanSpan gives up to limit stored documents of a span, by id; ScanHashes does
	// without their source; Unlisted gives those that have no id to be scanned by.
	ScanSpan(ctx context.Context, index string, part search.Part, span search.Span, limit int) ([]search.StoredDocument, error)
	ScanHashes(ctx context.Context, index string, part search.Part, span search.Span, limit int) ([]search.StoredDocument, error)
	Unlisted(ctx context.Context, index string, part search.Part, limit int) ([]search.StoredDocument, error)
	// Sums adds up what a part holds in spans that follow each other.
	Sums(ctx context.Context, index string, part search.Part, spans []search.Span) ([]search.StoredSum, error)
	// Get gives those of the documents that are stored, by id, whether refreshed
	// or not. The ids are in order.
	Get(ctx context.Context, index string, part search.Part, ids []int64) ([]search.StoredDocument, error)
	// Render gives the source that Bulk would store for a document in that part.
	Render(doc *search.Document, part search.Part) ([]byte, error)
}

// Quarantine keeps which documents an index refused.
type Quarantine interface {
	PutInQuarantine(ctx context.Context, index string, refused []search.Refusal) error
	ReleaseFromQuarantine(ctx context.Context, index string, ids []int64) error
	// ForgetQuarantine drops what other indices than these refused.
	ForgetQuarantine(ctx context.Context, indices []string) error
	// Quarantined lists the first of them and counts all.
	Quarantined(ctx context.Context, most int) (list []search.Quarantined, total int64, err error)
}

// Teller tells every process how far the index is.
type Teller interface {
	Tell(ctx context.Context, p search.Progress) error
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
