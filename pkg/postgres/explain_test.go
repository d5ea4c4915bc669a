//go:build integration

package postgres_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"aforro/pkg/testkit"
)

// largeTable is the number of rows from which on no query may read a whole
// table.
const largeTable = 100_000

// explained gives each query several sets of values as SQL literals, in the
// order of its parameters. A query that is neither here nor in unexplained
// fails the test, so that none is forgotten.
var explained = map[string][]string{
	"GetProduct":       {"1", "499999", "-5"},
	"ListAvailability": {"1", "499999", "-5"},
	"ReadLive":         {"'{1}', true", upTo(100) + ", false", upTo(100) + ", true"},
	"ReadLiveInStore":  {"'{1}', 1", upTo(100) + ", 1", upTo(100) + ", 99"},
	"ReadLiveNear":     {"'{1}', '{1}'", upTo(100) + ", " + upTo(20)},
	"StoreExists":      {"1", "99"},
	"ListInventory": {
		"1, '', 0, 1000", "1, 'Product 3', 7, 1000", "1, 'Product 9999', 9, 5000", "1, 'zzz', 0, 100",
		"2, '', 0, 1000", "3, '', 0, 1000", "3, 'Product 5', 5, 5000", "20, '', 0, 1000", "99, '', 0, 1000",
	},
	"SaveOrders": {
		"'{1}', '{0}', '{\"\"}', '{\"\"}', '{\"\"}', '{1,1}', '{0,1}', '{1,499999}', '{1,2}'",
		ones(500) + ", " + zeros(500) + ", array_fill(''::text, '{500}'), array_fill('k'::text, '{500}'), array_fill(''::bytea, '{500}'), " +
			upTo(500) + ", " + zeros(500) + ", " + upTo(500) + ", " + ones(500),
	},
	"ListOrderKeys":          {"'{a,b}'", "array_fill('k'::text, '{500}')"},
	"ConfirmSaved":           {"'{1}'", upTo(500)},
	"LockPending":            {"'{1}'", "'{199999,200000,5}'", upTo(500)},
	"LockReservations":       {"'{1}'", upTo(500)},
	"LockFreeReservations":   {"'{1}'", upTo(500)},
	"ListActiveReservations": {"'{1}'", upTo(500)},
	"LockStock":              {"'{1}'", "'{199999,200000,5}'", upTo(500)},
	"LockFreeStock":          {"'{1}', '{1}'", ones(500) + ", " + upTo(500)},
	"ListStockLines":         {"'{1}', '{1}'", ones(500) + ", " + upTo(500)},
	"ListElsewhere":          {"'{1}', '{1}', 5", ones(500) + ", " + upTo(500) + ", 5"},
	"SettleOrders": {
		"'', '{1}', '{1}', '{1}', '{0}', '{}', '{1}', '{CONFIRMED}', '{\"\"}', '{1.5}'",
		"'', " + ones(500) + ", " + upTo(500) + ", " + zeros(500) + ", " + zeros(500) + ", " + upTo(500) + ", " + upTo(500) +
			", array_fill('CONFIRMED'::text, '{500}'), array_fill(''::text, '{500}'), array_fill('1'::text, '{500}')",
	},
	"SetUnitPrices":   {"'{1,1}', '{0,1}', '{1.5,2}'", upTo(500) + ", " + zeros(500) + ", " + ones(500)},
	"LockOrder":       {"1", "200000"},
	"LockOrderStock":  {"1, 1", "20, 200000"},
	"CancelOrder":     {"'1', 1", "'200000', 200000"},
	"GetOrder":        {"1", "200000", "-1"},
	"ListStoreOrders": {"1, 9223372036854775807, 100", "1, 500, 1000", "20, 9223372036854775807, 100", "99, 7, 1000"},
	"ListPending":     {"0, 0, 500", "199000, 5, 500"},
	"QueueConfirmations": {
		"'{1}', '{2}'", upTo(500) + ", " + ones(500),
	},
	"TakeWebhooks":          {"30, '{}', '{}', 8", "30, '{1,2}', '{0,1}', 8"},
	"TakeMails":             {"30, 4"},
	"ReadMessages":          {"'{1}', '{2}'", upTo(400) + ", " + ones(400)},
	"RecordDelivered":       {"'{1}'", upTo(256)},
	"RecordFailed":          {"'{1}', '{2026-01-01}', '{f}', '{5}', '{x}'"},
	"ParkOverdue":           {"'x', 1, 86400, 1000"},
	"RetryParked":           {"1, 0, 1000", "2, 5000, 1000"},
	"ListDeliveries":        {"1, 9223372036854775807, false, 100", "2, 9223372036854775807, true, 1000", "99, 9, false, 100"},
	"ListDueDeliveries":     {"1, 9223372036854775807, 100", "99, 9, 100"},
	"ListParkedDeliveries":  {"1, 9223372036854775807, 100", "99, 9, 100"},
	"GetBacklog":            {""},
	"DropDeliveries":        {"1, 5000", "99, 5000"},
	"PurgeConfirmations":    {"604800, 0, 1000, 2592000", "604800, 190000, 1000, 2592000"},
	"ProjectProducts":       {"'{1}'", upTo(1000)},
	"ProjectProductsAfter":  {"0, 1000", "499000, 1000"},
	"PutInQuarantine":       {"'a', '{1}', '{x}'", "'a', " + upTo(500) + ", array_fill('x'::text, '{500}')"},
	"ReleaseFromQuarantine": {"'a', '{1}'", "'a', " + upTo(500)},
	"ListQuarantine":        {"100", "10000"},
	"ListCategoryProducts":  {"1, 0, 1000", "1, 499000, 1000", "30, 0, 1000"},
	"AskProducts":           {"'{1}', 1", "'{7,499999,-1}', 99", upTo(500) + ", 1"},
	"LockOrMakeLines":       {"1, '{1}'", "3, " + upTo(500)},
	"ListLines":             {"1, '{1}'", "1, " + upTo(500)},
	"SetLines":              {"1, '{1}', '{1}'", "1, " + upTo(500) + ", " + ones(500)},
	"ListMovements":         {"1, 1, 9223372036854775807, 100", "1, 149999, 500, 1000", "99, 1, 7, 1000"},
	"ClaimKey":              {"'orders', 'k', ''"},
	"GetKey":                {"'orders', '1'"},
	"KeepAnswer":            {"'{}', 'orders', '1'"},
	"ForgetKeys":            {"86400, 1000", "86400, 10000"},
	"LockCartLines":         {"1, '{1}'", "1, " + upTo(500)},
	"OpenReservation":       {"1, 600, '{1}', '{1}'", "1, 600, " + upTo(500) + ", " + ones(500)},
	"LockReservation":       {"1", "-5"},
	"LockExpired":           {"'-infinity', 0, 500", "'2026-01-01', 7, 500"},
	"LockHeldLines":         {"'{1}'", upTo(500)},
	"LockFreeLines":         {"'{1}'", upTo(500)},
	"ListFree":              {"'{1}', '{1}', '{1}'", upTo(500) + ", " + ones(500) + ", " + upTo(500)},
	"EndReservations":       {"'EXPIRED', '{1}'", "'EXPIRED', " + upTo(500)},
	"SumProductHashes":      {"0, 4096", "499000, 4096", "-9223372036854775808, 4096"},
	"ListProductHashes":     {"0, 4096, 1000", "499000, 9223372036854775807, 1000", "-9223372036854775808, 9223372036854775807, 1000"},
	"StampProducts":         {"'{1}'", upTo(1000)},

	"SaveSample":             {"30, '{a}', '{1}', 2000"},
	"CountSampleToday":       {""},
	"ListSample":             {"30, 200"},
	"LockRepairOrders":       {"'{1}'", upTo(500)},
	"LockRepairReservations": {"'{1}'", upTo(500)},
	"LockRepairLines":        {"'{1}', '{1}'", ones(500) + ", " + upTo(500)},
	"RepairEvents":           {"'{1}'", upTo(500)},
	"RepairReservations":     {"'{1}'", upTo(500)},
	"RepairStock":            {"'{1}', '{1}'", ones(500) + ", " + upTo(500)},
}

// upTo is an array literal of the numbers from 1 to n.
func upTo(n int) string {
	var list []string
	for i := range n {
		list = append(list, strconv.Itoa(i+1))
	}
	return "'{" + strings.Join(list, ",") + "}'"
}

// ones is an array literal of n ones.
func ones(n int) string { return "'{1" + strings.Repeat(",1", n-1) + "}'" }

// zeros is an array literal of n zeros.
func zeros(n int) string { return "'{0" + strings.Repeat(",0", n-1) + "}'" }

// unexplained names the queries that may read whole tables, or read none of
// ours, with the reason.
var unexplained = map[string]string{
	"AddStores":           "seeds only; stores are few",
	"AnnounceTargets":     "reads no table",
	"AskForProducts":      "reads no table",
	"AskVisibility":       "reads no table",
	"BeginLoad":           "seeds only",
	"CountActiveProducts": "counts all, once, before an index is built",
	"FinishLoad":          "seeds only",
	"CountQuarantine":     "counts what should be nothing, where it is much",
	"FlushPosition":       "reads no table",
	"FlushPositionNow":    "reads no table",
	"ForgetQuarantine":    "nearly all rows are of indices that are there",
	"SendHeartbeat":       "reads no table",
	"GetSlot":             "reads no table of ours",
	"HighestIDs":          "seeds only",
	"IdentifyHistory":     "reads no table of ours",
	"ListStores":          "stores are few",
	"LoadFinished":        "seeds only",
	"Notify":              "reads no table",
	"OldestWriter":        "reads no table of ours",
	"OpenAdjustment":      "reads no table",
	"SetLockTimeout":      "reads no table",
	"RelaxCommit":         "reads no table",
	"ListEndpoints":       "endpoints are few",
	"GetEndpoint":         "endpoints are few",
	"AddEndpoint":         "endpoints are few",
	"ChangeEndpoint":      "endpoints are few",
	"RotateSecret":        "endpoints are few",
	"GetTarget":           "endpoints are few",
	"RemoveEndpoint":      "endpoints are few",

	"AuditEvents":       "an audit reads all there is",
	"AuditHeld":         "an audit reads all there is",
	"AuditHeldBeyond":   "an audit reads all there is",
	"AuditKeys":         "an audit reads all there is",
	"AuditLines":        "an audit reads all there is",
	"AuditMovements":    "an audit reads all there is",
	"AuditNegative":     "an audit reads all there is",
	"AuditOrphans":      "an audit reads all there is",
	"AuditPending":      "an audit reads all there is",
	"AuditReservations": "an audit reads all there is",
	"AuditStock":        "an audit reads all there is",
	"AuditTotals":       "an audit reads all there is",
	"CountAudited":      "an audit reads all there is",
	"RepairHeld":        "a repair, after an audit has read all there is",
	"RepairTotals":      "a repair, after an audit has read all there is",
	"RepairMovements":   "a repair, after an audit has read all there is",
	"SetAuditMode":      "reads no table",
	"SetRepairPatience": "reads no table",
	"TryAuditLock":      "reads no table",
	"WaitForRepairLock": "reads no table",
	"TryLock":           "reads no table",
	"SetLockSession":    "reads no table",
	"Unlock":            "reads no table",
}

func TestNoQueryReadsALargeTableWhole(t *testing.T) {
	t.Parallel()
	conn := testkit.Conn(t, testkit.Postgres(t))
	fillLarge(t, conn)
	large := largeTables(t, conn)
	queries := mustQueries(t)
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		values, ok := explained[name]
		if !ok && unexplained[name] == "" {
			t.Errorf("%s is not in this test: give it values", name)
		}
		mustExec(t, conn, "PREPARE asked AS "+queries[name])
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			mustExec(t, conn, "SET plan_cache_mode = "+mode)
			for _, v := range values {
				for _, table := range seqScans(t, conn, v) {
					if rows := large[table]; rows > largeTable {
						t.Errorf("%s (%.60s; %s) reads all %d rows of %s", name, v, mode, rows, table)
					}
				}
			}
		}
		mustExec(t, conn, "DEALLOCATE asked")
	}
	for name := range explained {
		if queries[name] == "" {
			t.Errorf("%s is in this test and exists no more", name)
		}
	}
}

// fillLarge makes 500,000 products in 30 categories, 20 stores from one that
// carries half of them to one that carries none, and 200,000 orders. Triggers
// are off: the ledger is filled by itself, and references hold by construction.
func fillLarge(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for _, sql := range []string{
		`SET session_replication_role = replica`,
		`INSERT INTO categories (name) SELECT 'Category ' || n FROM generate_series(1, 30) n`,
		`INSERT INTO products (sku, title, description, brand, category_id, price, gtin, attributes, released_on, active)
		 SELECT 'SKU-' || n % 490000, 'Product ' || md5(n::text), 'It is made of ' || md5(n::text), 'Brand ' || n % 500,
		        1 + n % 30, n % 1000, n::text, '{"width": 56}', date '2016-01-01' + (n % 3650)::integer, n % 50 <> 0
		 FROM generate_series(1, 500000::bigint) n`,
		`INSERT INTO stores (name, city, latitude, longitude) SELECT 'S' || n, 'C' || n, n, n FROM generate_series(1, 20) n`,
		`INSERT INTO inventory SELECT 1, n, n % 20 FROM generate_series(1, 500000, 2) n`,
		`INSERT INTO inventory SELECT 2, n, n % 20 FROM generate_series(1, 500000, 10) n`,
		`INSERT INTO inventory SELECT 3, n, n % 20 FROM generate_series(1, 500000, 5000) n`,
		`INSERT INTO inventory SELECT s, n, n % 20 FROM generate_series(4, 19) s, generate_series(1, 500000, 100) n`,
		`INSERT INTO stock_movements (store_id, product_id, delta, reason) SELECT 1, n, 1, 'seed' FROM generate_series(1, 150000) n`,
		`INSERT INTO orders (store_id, status, decided_at)
		 SELECT 1 + n % 19, CASE WHEN n % 1000 = 0 THEN 'PENDING' ELSE 'CONFIRMED' END, CASE WHEN n % 1000 <> 0 THEN now() END
		 FROM generate_series(1, 200000) n`,
		`INSERT INTO order_items SELECT o, l, 1 + (o * 7 + l) % 500000, 1, 1 FROM generate_series(1, 200000) o, generate_series(0, 1) l`,
		`INSERT INTO order_events SELECT n, 2, 'CONFIRMED', now() FROM generate_series(1, 200000) n WHERE n % 1000 <> 0`,
		`INSERT INTO reservations (store_id, status, expires_at, ended_at)
		 SELECT 1 + n % 19, CASE WHEN n % 1000 = 0 THEN 'ACTIVE' ELSE 'EXPIRED' END, now() + make_interval(mins => (n - 199000)::integer), CASE WHEN n % 1000 <> 0 THEN now() END
		 FROM generate_series(1, 200000) n`,
		`INSERT INTO reservation_items SELECT r, 1 + (r * 7 + l) % 500000, 1 FROM generate_series(1, 200000) r, generate_series(0, 1) l`,
		`INSERT INTO idempotency_keys (route, key, fingerprint, created_at)
		 SELECT 'orders', n::text, '', now() - make_interval(mins => 1500, secs => -n * 0.6) FROM generate_series(1, 150000) n`,
		`INSERT INTO webhook_endpoints (url, secret) SELECT 'https://' || n || '.example/', 'whsec_' FROM generate_series(1, 5) n`,
		`INSERT INTO confirmations (order_id, sequence, endpoint_id, delivered_at, parked_at, next_at)
		 SELECT n, 2, nullif(n % 6, 0), CASE WHEN n % 100 > 2 THEN now() END, CASE WHEN n % 100 = 0 THEN now() END,
		        now() + CASE WHEN n % 100 = 1 THEN interval '1 hour' ELSE '-1 hour' END
		 FROM generate_series(1, 200000) n`,
		`SET session_replication_role = origin`,
		`ANALYZE`,
	} {
		mustExec(t, conn, sql)
	}
}

// largeTables gives the number of rows of each table, as ANALYZE saw it.
func largeTables(t *testing.T, conn *pgx.Conn) map[string]int64 {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT relname::text, reltuples::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]int64{}
	var name string
	var count int64
	if _, err := pgx.ForEachRow(rows, []any{&name, &count}, func() error { tables[name] = count; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"products", "inventory", "orders", "order_items", "order_events", "stock_movements",
		"reservations", "reservation_items", "idempotency_keys", "confirmations"} {
		if tables[name] <= largeTable {
			t.Fatalf("%s has %d rows, which proves nothing", name, tables[name])
		}
	}
	return tables
}

// node is a step of a plan.
type node struct {
	Type  string `json:"Node Type"`
	Table string `json:"Relation Name"`
	Plans []node `json:"Plans"`
}

// given is the list of values as EXECUTE takes it.
func given(values string) string {
	if values == "" {
		return ""
	}
	return " (" + values + ")"
}

// seqScans names the tables that the prepared query reads from end to end.
func seqScans(t *testing.T, conn *pgx.Conn, values string) (tables []string) {
	t.Helper()
	var text string
	if err := conn.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) EXECUTE asked"+given(values), pgx.QueryExecModeSimpleProtocol).Scan(&text); err != nil {
		t.Fatalf("%.60s: %v", values, err)
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		t.Fatal(err)
	}
	var walk func(node)
	walk = func(n node) {
		if strings.Contains(n.Type, "Seq Scan") {
			tables = append(tables, n.Table)
		}
		for _, p := range n.Plans {
			walk(p)
		}
	}
	for _, p := range plans {
		walk(p.Plan)
	}
	return tables
}

// mustQueries reads every query that sqlc made Go of, by name.
func mustQueries(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("db/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d files of queries, %v", len(files), err)
	}
	queries := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				addQuery(t, queries, lit.Value)
			}
			return true
		})
	}
	return queries
}

func addQuery(t *testing.T, queries map[string]string, literal string) {
	t.Helper()
	text, err := strconv.Unquote(literal)
	if err != nil {
		t.Fatal(err)
	}
	if rest, ok := strings.CutPrefix(text, "-- name: "); ok {
		name, _, _ := strings.Cut(rest, " ")
		queries[name] = text
	}
}
