// Package config is every setting of Aforro: its name, default, meaning and
// check, in one place. A setting comes from a flag, else from the environment,
// else from its default. All are checked at once, before anything starts.
//
// The table in docs/configuration.md is generated from this struct.
package config

import "time"

// Config holds the effective settings of one process.
type Config struct {
	PostgresURL      string `env:"AFORRO_POSTGRES_URL" check:"url:postgres,postgresql" secret:"url" help:"PostgreSQL, the truth. wal_level must be logical."`
	RedisURL         string `env:"AFORRO_REDIS_URL" check:"url:redis,rediss,unix" secret:"url" help:"Redis for the queue. Its maxmemory-policy must be noeviction."`
	CacheRedisURL    string `env:"AFORRO_CACHE_REDIS_URL" check:"url:redis,rediss,unix" secret:"url" help:"Redis for cached answers and request limits; the queue's when empty."`
	ElasticsearchURL string `env:"AFORRO_ELASTICSEARCH_URL" check:"urls:http,https" secret:"url" help:"Elasticsearch; the addresses of several nodes are separated by commas, and another one is asked when one is away."`

	PostgresPool int32  `env:"AFORRO_POSTGRES_POOL" envDefault:"20" check:"min:2,max:1000" help:"The most connections that one role holds to PostgreSQL; the API holds one more, to hear of changes."`
	IndexPrefix  string `env:"AFORRO_INDEX_PREFIX" envDefault:"aforro" check:"name" help:"What the names of indices and aliases begin with."`
	Slot         string `env:"AFORRO_SLOT" envDefault:"aforro" check:"name" help:"The replication slot that the indexer follows."`
	Shards       int    `env:"AFORRO_INDEX_SHARDS" envDefault:"1" check:"min:1,max:64" help:"Primary shards of a new index version."`
	Replicas     int    `env:"AFORRO_INDEX_REPLICAS" envDefault:"0" check:"min:0,max:8" help:"Replicas of each shard, made before an index goes live; with 1 or more the death of a node loses nothing."`

	HTTPAddr    string `env:"AFORRO_HTTP_ADDR" envDefault:"127.0.0.1:8000" check:"addr" help:"Where the API listens."`
	ProbeAddr   string `env:"AFORRO_PROBE_ADDR" envDefault:"127.0.0.1:8001" check:"addr" help:"Where the indexer and the worker answer /healthz, /readyz and /metrics when they run apart."`
	PublicURL   string `env:"AFORRO_PUBLIC_URL" check:"url:http,https" help:"What absolute links begin with; taken from the request when empty."`
	StaffKey    string `env:"AFORRO_STAFF_KEY" check:"len:16" secret:"yes" help:"The bearer key for staff routes; they are closed when empty. 'aforro up' makes one."`
	TokenSecret string `env:"AFORRO_TOKEN_SECRET" check:"len:32" secret:"yes" help:"What order tokens are derived from; the same in every API process. 'aforro up' makes one."`

	SearchCache    time.Duration `env:"AFORRO_SEARCH_CACHE" envDefault:"60s" check:"min:0s,max:1h" help:"How long a page of results may be answered from the cache; 0 turns it off."`
	SuggestCache   time.Duration `env:"AFORRO_SUGGEST_CACHE" envDefault:"300s" check:"min:0s,max:24h" help:"How long suggestions may be answered from the cache; 0 turns it off."`
	CacheMB        int           `env:"AFORRO_CACHE_MB" envDefault:"64" check:"min:0,max:65536" help:"The megabytes of answers that one API process keeps itself, before Redis is asked; 0: none."`
	CacheStale     time.Duration `env:"AFORRO_CACHE_STALE" envDefault:"5m" check:"min:0s,max:1h" help:"How long past its time a cached answer of which nothing has changed may be given while Elasticsearch does not answer, and (10s at most) while a new one is made; 0: never."`
	Live           bool          `env:"AFORRO_LIVE_READS" envDefault:"true" help:"Whether prices and stock on a page of results are read from PostgreSQL while it is made; false shows the index's, which is faster, and late: by what the index takes, and up to AFORRO_SEARCH_CACHE more on a cached page."`
	PositionWait   time.Duration `env:"AFORRO_POSITION_WAIT" envDefault:"2s" check:"min:0s,max:10s" help:"How long a search waits for the position (X-Aforro-Position) that it asks for."`
	RateLimit      int           `env:"AFORRO_RATE_LIMIT" envDefault:"600" check:"min:0,max:1000000" help:"Requests a minute from one address (loopback is free); 0 turns it off."`
	TrustedProxies []string      `env:"AFORRO_TRUSTED_PROXIES" check:"cidrs" help:"Proxies (CIDR, comma-separated) whose X-Forwarded-For is believed; none by default."`
	DecisionWait   time.Duration `env:"AFORRO_DECISION_WAIT" envDefault:"2s" check:"min:0s,max:10s" help:"How long POST /orders/ waits for the decision before it answers 202."`
	ImageOrigins   []string      `env:"AFORRO_IMAGE_ORIGINS" check:"origins" help:"From where the storefront may show pictures of products (origins such as https://images.example.com, comma-separated); from nowhere by default: they are drawn."`

	WorkerConcurrency int           `env:"AFORRO_WORKER_CONCURRENCY" envDefault:"8" check:"min:1,max:256" help:"Tasks that one worker runs at once."`
	QueueCheck        time.Duration `env:"AFORRO_QUEUE_CHECK" envDefault:"2ms" check:"min:1ms,max:5s" help:"How often an idle worker looks for tasks."`
	SweepEvery        time.Duration `env:"AFORRO_SWEEP_EVERY" envDefault:"1s" check:"min:100ms,max:1m" help:"How often PENDING orders that nothing works on are looked for."`
	AuditEvery        time.Duration `env:"AFORRO_AUDIT_EVERY" envDefault:"15m" check:"min:0s,max:168h" help:"How often a worker audits orders, stock, ledger and reservations; 0 turns it off."`

	WebhookAllowPrivate bool   `env:"AFORRO_WEBHOOK_ALLOW_PRIVATE" envDefault:"false" help:"Whether webhooks may go to http and to addresses that are not public (private, loopback, link-local)."`
	SMTPURL             string `env:"AFORRO_SMTP_URL" check:"url:smtp,smtps" secret:"url" help:"The mail server for e-mail to customers, with user and password if it wants them; no e-mail is sent when empty."`
	MailFrom            string `env:"AFORRO_MAIL_FROM" check:"mail" help:"The sender of e-mail, such as Shop <shop@example.com>; needed with AFORRO_SMTP_URL."`

	IndexWindow    time.Duration `env:"AFORRO_INDEX_WINDOW" envDefault:"50ms" check:"min:0s,max:10s" help:"How long changes are gathered before they are written to the index; the first goes at once."`
	QuantityWindow time.Duration `env:"AFORRO_INDEX_QUANTITY_WINDOW" envDefault:"250ms" check:"min:0s,max:10m" help:"How long a change of nothing but a quantity may wait for more of its product. Pages show quantities from PostgreSQL."`
	Heartbeat      time.Duration `env:"AFORRO_INDEX_HEARTBEAT" envDefault:"5s" check:"min:100ms,max:10m" help:"How often a heartbeat goes through the replication stream."`
	SlotWarning    int64         `env:"AFORRO_SLOT_WARNING" envDefault:"1024" check:"min:0,max:1048576" help:"From how many megabytes of kept write-ahead log on the indexer warns; 0: never."`
	BulkSize       int           `env:"AFORRO_BULK_SIZE" envDefault:"500" check:"min:1,max:5000" help:"Documents in one bulk request."`
	BulkSenders    int           `env:"AFORRO_BULK_SENDERS" envDefault:"3" check:"min:1,max:32" help:"Bulk requests under way at once."`
	VerifyRate     int           `env:"AFORRO_VERIFY_RATE" envDefault:"100" check:"min:0,max:100000" help:"Products a second that the indexer compares with the index, over and over; 0 turns it off."`

	IndexKeep         time.Duration `env:"AFORRO_INDEX_KEEP" envDefault:"24h" check:"min:0s,max:720h" help:"How long the index before a reindex stays written, so that 'aforro reindex --rollback' can go back; 0 removes it at once."`
	ReindexNDCGLoss   int           `env:"AFORRO_REINDEX_MAX_NDCG_LOSS" envDefault:"2" check:"min:0,max:100" help:"How far NDCG@10 of the judged queries may fall in a reindex, in hundredths; less than 2 is about what changes by chance."`
	ReindexZeroGain   int           `env:"AFORRO_REINDEX_MAX_ZERO_GAIN" envDefault:"1" check:"min:0,max:100" help:"How many more of 100 judged queries may find nothing after a reindex."`
	ReindexMinOverlap int           `env:"AFORRO_REINDEX_MIN_OVERLAP" envDefault:"60" check:"min:0,max:100" help:"How many percent of the first ten of a query must stay in a reindex, in the mean."`
	ReindexMaxLatency int           `env:"AFORRO_REINDEX_MAX_LATENCY" envDefault:"150" check:"min:100,max:10000" help:"How long a search may take after a reindex, in percent of before (p50 and p95); 5 ms more always pass."`
	QuerySample       bool          `env:"AFORRO_QUERY_SAMPLE" envDefault:"true" help:"Whether the API keeps a bounded sample of what is searched for, for 30 days, on which a reindex is judged; false forgets it."`

	Ranking string `env:"AFORRO_RANKING" envDefault:"lexical-2" help:"The profile that results are ranked by: a file of elastic/rankings. Another one needs no reindex."`

	LogLevel  string        `env:"AFORRO_LOG_LEVEL" envDefault:"info" check:"oneof:debug,info,warn,error" help:"The least severe level that is logged."`
	LogFormat string        `env:"AFORRO_LOG_FORMAT" envDefault:"text" check:"oneof:text,json" help:"How log lines are written."`
	StopGrace time.Duration `env:"AFORRO_STOP_GRACE" envDefault:"15s" check:"min:1s,max:5m" help:"How long a stop may take before what is left is dropped."`
	StopDelay time.Duration `env:"AFORRO_STOP_DELAY" envDefault:"1s" check:"min:0s,max:1m" help:"How long a stopping API still accepts while its /readyz fails already; at most half of the grace. 'aforro up' does not wait."`

	DataDir string `env:"AFORRO_DATA_DIR" help:"Where 'aforro up' keeps the services it starts; chosen when empty."`
}
