package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"aforro/indexer"
	"aforro/pkg/config"
	"aforro/pkg/lifecycle"
	"aforro/pkg/search"
	"aforro/pkg/stack"
)

// readyPoll is how often the start looks whether it is done.
const readyPoll = 50 * time.Millisecond

// welcome shows the index being built, then says where everything is and what
// to try. It ends with ctx.
func (a *app) welcome(ctx context.Context, report *stack.Reporter, given config.Config, x *indexer.Indexer, addr string) error {
	begun := time.Now()
	steps := stepBars{report: report, unit: "documents"}
	built := false
	for !answers(ctx, addr) {
		if s := x.Status(); s.Phase == indexer.Building && s.Total > 0 {
			built = true
			steps.show("building the index", s.Done, s.Total)
		}
		if lifecycle.Sleep(ctx, readyPoll) != nil {
			return nil
		}
	}
	steps.end()
	if built {
		report.Step("Index is built (%.1f s)", time.Since(begun).Seconds())
	}
	if err := a.sayWhere(ctx, report, given, addr); err != nil {
		a.log.Warn("the first search failed", "error", err)
	}
	<-ctx.Done()
	return nil
}

func answers(ctx context.Context, addr string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(addr)+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// shown is what each setting is printed as: whole, so that it can be used, when
// the start made it, and with its secret hidden when somebody gave it.
func shown(given config.Config) func(env, value string) string {
	hidden := map[string]string{}
	for _, s := range config.Settings() {
		hidden[s.Env] = s.Value(given)
	}
	return func(env, value string) string { return cmp.Or(hidden[env], value) }
}

func (a *app) sayWhere(ctx context.Context, report *stack.Reporter, given config.Config, addr string) error {
	show := shown(given)
	base := "http://" + reachable(addr)
	report.Step("")
	report.Step("Aforro is ready.")
	report.Step("  API            %s   (routes: %s/docs, staff key: %s)", base, base, show("AFORRO_STAFF_KEY", a.cfg.StaffKey))
	report.Step("  PostgreSQL     %s", show(postgresURL, a.cfg.PostgresURL))
	report.Step("  Redis          %s", show(redisURL, a.cfg.RedisURL))
	report.Step("  Elasticsearch  %s", show(elasticsearchURL, a.cfg.ElasticsearchURL))
	report.Step("  Data           %s", a.cfg.DataDir)
	engine, err := a.engine()
	if err != nil {
		return err
	}
	page, err := engine.Search(ctx, search.Params{Query: "laptop", StoreID: 1, InStock: true, Sort: search.ByRelevance, Page: 1, PageSize: 1})
	if err != nil {
		return err
	}
	report.Step("\nTry:")
	report.Step("  curl '%s/api/search/products/?q=laptop&in_stock=true'", base)
	report.Step("  curl '%s/api/search/suggest/?q=can'", base)
	if len(page.Hits) > 0 {
		order := fmt.Sprintf(`{"store_id": 1, "items": [{"product_id": %d, "quantity_requested": 1}]}`, page.Hits[0].ID)
		report.Step("  curl -X POST '%s/orders/' -H 'Content-Type: application/json' -d '%s'", base, order)
	}
	report.Step("\nCtrl-C stops everything.")
	return nil
}
