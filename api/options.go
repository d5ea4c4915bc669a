package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aforro/pkg/auth"
	"aforro/pkg/catalog"
	"aforro/pkg/idempotency"
	"aforro/pkg/inventory"
	"aforro/pkg/notify"
	"aforro/pkg/order"
	"aforro/pkg/search"
)

// Engine answers searches and suggestions. A page out of range is
// fault.NotFound or an empty page, an expired cursor fault.Gone.
type Engine interface {
	Search(ctx context.Context, p search.Params) (search.Page, error)
	// Suggest returns titles for what was typed; storeID 0 is any store.
	Suggest(ctx context.Context, typed string, storeID int64) ([]string, error)
	// Similar gives products like one, Accessories things for it; of p the filters,
	// the page size and the store count.
	Similar(ctx context.Context, to catalog.Product, p search.Params) ([]search.Hit, error)
	Accessories(ctx context.Context, to catalog.Product, p search.Params) ([]search.Hit, error)
	// SuggestRich also offers queries, brands, categories; without prices and stock.
	SuggestRich(ctx context.Context, typed string, storeID int64) ([]search.Suggestion, error)
	// Indexed is Truth.Live as far as the index knows.
	Indexed(ctx context.Context, ids []int64, storeID int64) (map[int64]search.Live, error)
}

// Catalogue reads products. An unknown or inactive one is fault.NotFound.
type Catalogue interface {
	Product(ctx context.Context, id int64) (catalog.Product, error)
	Availability(ctx context.Context, productID int64) ([]catalog.Availability, error)
}

// Truth reads what products are now.
type Truth interface {
	// Live gives the products that are sold, by id. With a store it says what that
	// store has of them, else, when anywhere is set, whether some store has any.
	Live(ctx context.Context, ids []int64, storeID int64, anywhere bool) (map[int64]search.Live, error)
	// LiveNear says which of these stores is the first to have any, and how many.
	LiveNear(ctx context.Context, ids, stores []int64) (map[int64]search.Live, error)
}

// Positions reads up to where the database's log is on disk.
type Positions interface {
	Position(ctx context.Context) (search.Version, error)
}

// Stores reads stores and what they have.
type Stores interface {
	StoreExists(ctx context.Context, id int64) (bool, error)
	// Stores lists all.
	Stores(ctx context.Context) ([]catalog.Store, error)
	Inventory(ctx context.Context, storeID int64, after inventory.Position, limit int) ([]inventory.Line, error)
}

// Orders reads and cancels orders. An unknown one is fault.NotFound.
type Orders interface {
	Order(ctx context.Context, id int64) (order.Order, error)
	// StoreOrders lists a store's orders, newest first, with ids below beforeID
	// (0: from the newest).
	StoreOrders(ctx context.Context, storeID, beforeID int64, limit int) ([]order.Summary, error)
	// Cancel gives a CONFIRMED order's stock back; an order that cannot be
	// cancelled is fault.Conflict.
	Cancel(ctx context.Context, id int64) (order.Order, error)
}

// Desk takes orders in; order.Desk is one.
type Desk interface {
	// Place saves an order and waits for its decision until wait is over; what
	// is PENDING then is returned so. An unknown store or product is
	// fault.NotFound, an inactive product fault.Invalid, with the fields named
	// as in the body ("body.items[0].product_id"). A key that was used before gives
	// the earlier order.
	Place(ctx context.Context, draft order.Draft, wait time.Duration) (o order.Order, replayed bool, err error)
	// Await returns the order when it is decided, or as it is when ctx ends.
	Await(ctx context.Context, id int64) (order.Order, error)
}

// Stock corrects what stores have, and reads the ledger of it. What is unknown
// is fault.NotFound, with the fields named as in the path and the body.
type Stock interface {
	// Adjust applies all lines or none, once for a key; replayed when the key was
	// used before. A line that cannot have what it would is fault.Conflict, a key
	// that was used for another body fault.Unprocessable.
	Adjust(ctx context.Context, storeID int64, a inventory.Adjustment, r idempotency.Request) (lines []inventory.Stock, replayed bool, err error)
	// Movements lists a line's ledger, newest first, with ids below beforeID (0:
	// from the newest).
	Movements(ctx context.Context, storeID, productID, beforeID int64, limit int) ([]inventory.Movement, error)
}

// Reservations hold stock for carts.
type Reservations interface {
	// Reserve holds all items or none, once for a key, as Stock.Adjust. Too
	// little stock is an *order.Shortage, an inactive product fault.Invalid.
	Reserve(ctx context.Context, storeID int64, items []order.Item, hold time.Duration, r idempotency.Request) (made inventory.Reservation, replayed bool, err error)
	// Release gives back what a reservation still holds.
	Release(ctx context.Context, id int64) error
}

// Webhooks keeps webhook endpoints; notify.Directory is one. An unknown one is
// fault.NotFound, a URL or a description that cannot be fault.Invalid, named as
// in the body.
type Webhooks interface {
	Endpoints(ctx context.Context) ([]notify.Endpoint, error)
	Endpoint(ctx context.Context, id int64) (notify.Endpoint, error)
	AddEndpoint(ctx context.Context, url, description string) (notify.Endpoint, notify.Secret, error)
	ChangeEndpoint(ctx context.Context, id int64, c notify.Change) (notify.Endpoint, error)
	RemoveEndpoint(ctx context.Context, id int64) error
}

// WebhookTools works on one webhook endpoint.
type WebhookTools interface {
	RotateSecret(ctx context.Context, id int64) (secret notify.Secret, previousUntil time.Time, err error)
	Ping(ctx context.Context, id int64) (notify.Result, error)
	Deliveries(ctx context.Context, id int64, state notify.State, before int64, limit int) ([]notify.Record, error)
	RetryParked(ctx context.Context, id int64) (int64, error)
}

// Cache keeps answers. It may forget at any time and never fails.
type Cache interface {
	Get(ctx context.Context, key string) (value []byte, age time.Duration, found bool)
	// Set waits for nothing: the value may be there a moment later.
	Set(key string, value []byte, ttl time.Duration)
}

// Limiter counts requests. It lets everybody in when it cannot count.
type Limiter interface {
	Allow(ctx context.Context, who string, perMinute int) (allowed bool, wait time.Duration)
}

// Sample gathers what is searched for. It never waits and never fails.
type Sample interface {
	Note(p search.Params)
}

// Options is what the role is made of. Engine, Catalogue, Truth, Positions, Watch,
// Stores, Orders, Desk, Stock, Reservations, Webhooks, WebhookTools, Cache, Limiter,
// Ready, Log and Metrics are needed.
type Options struct {
	// Listener is served when set, else Addr is listened on.
	Listener net.Listener
	Addr     string
	// PublicURL is what absolute links begin with; empty: taken from the request.
	PublicURL string
	// TrustedProxies are networks (CIDR) whose X-Forwarded-For and
	// X-Forwarded-Proto are believed.
	TrustedProxies []string
	// ImageOrigins are where pages may show pictures from, such as
	// https://images.example.com; none: pictures are drawn.
	ImageOrigins []string

	Engine    Engine
	Catalogue Catalogue
	Stores    Stores
	Orders    Orders
	Desk      Desk
	Cache     Cache
	Limiter   Limiter
	Truth     Truth
	Positions Positions
	// Watch hears how far the index is, and what has changed on cached pages.
	Watch *search.Watch

	Stock        Stock
	Reservations Reservations
	Webhooks     Webhooks
	WebhookTools WebhookTools

	// Sample is told of every search; nil: nobody is.
	Sample Sample

	Tokens auth.Tokens
	Staff  auth.Staff

	// Ranking names what results are ranked by: pages by another are not taken from
	// the cache.
	Ranking string
	// SearchCache and SuggestCache are how long answers are cached; 0: not.
	SearchCache  time.Duration
	SuggestCache time.Duration
	// FromIndex: prices and stock on a page are the index's, Truth is not asked.
	FromIndex bool
	// CacheBytes is what this process keeps of answers; 0: nothing.
	CacheBytes int64
	// CacheStale is how long past its time an answer may be given while no new one
	// can be made.
	CacheStale time.Duration
	// PositionWait is how long a search waits for the position that it asks for.
	PositionWait time.Duration
	// RateLimit is requests a minute from one address; 0: no limit.
	RateLimit int
	// DecisionWait is how long POST /orders/ waits before it answers 202.
	DecisionWait time.Duration
	// StopGrace is how long a stop may take, StopDelay included.
	StopGrace time.Duration
	// StopDelay is how long the listener stays open after readiness began to
	// fail, so that balancers notice; at most half of StopGrace.
	StopDelay time.Duration

	// Ready says what the role is waiting for, nil when it can work.
	Ready   func(ctx context.Context) error
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// MetricsPage answers /metrics.
	MetricsPage http.Handler
}

// check names what is missing: a mistake of the caller's wiring.
func (o Options) check() error {
	for name, missing := range map[string]bool{
		"Engine": o.Engine == nil, "Catalogue": o.Catalogue == nil, "Stores": o.Stores == nil, "Orders": o.Orders == nil,
		"Desk": o.Desk == nil, "Cache": o.Cache == nil, "Limiter": o.Limiter == nil, "Ready": o.Ready == nil,
		"Truth": o.Truth == nil, "Positions": o.Positions == nil, "Watch": o.Watch == nil,
		"Stock": o.Stock == nil, "Reservations": o.Reservations == nil,
		"Webhooks": o.Webhooks == nil, "WebhookTools": o.WebhookTools == nil,
		"Log": o.Log == nil, "Metrics": o.Metrics == nil, "MetricsPage": o.MetricsPage == nil,
	} {
		if missing {
			return errors.New("api.Options wants " + name)
		}
	}
	return nil
}
