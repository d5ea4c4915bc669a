package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

var update = flag.Bool("update", false, "rewrite docs/openapi.json")

const openAPICopy = "../docs/openapi.json"

type document struct {
	OpenAPI string                               `json:"openapi"`
	Paths   map[string]map[string]map[string]any `json:"paths"`
}

func TestOpenAPIListsEveryRoute(t *testing.T) {
	t.Parallel()
	server := mustServe(t, &shop{})
	doc := mustJSON[document](t, call(server, http.MethodGet, "/openapi.json", ""), 200)
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("version %q", doc.OpenAPI)
	}
	routes := slices.DeleteFunc(server.engine.Routes(), func(r gin.RouteInfo) bool { return server.front.routes[r.Path] })
	for _, r := range routes {
		path := regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}")
		op := doc.Paths[path][strings.ToLower(r.Method)]
		if op["summary"] == nil || op["operationId"] == nil || op["responses"] == nil {
			t.Errorf("%s %s is not described", r.Method, path)
		}
	}
	described := 0
	for _, item := range doc.Paths {
		described += len(item)
	}
	if described != len(routes) {
		t.Errorf("%d operations are described, %d are routed", described, len(routes))
	}
}

func TestOpenAPIRefersToWhatItHolds(t *testing.T) {
	t.Parallel()
	doc, err := mustServe(t, &shop{}).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Components struct {
			Schemas map[string]json.RawMessage `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(doc, &parsed); err != nil {
		t.Fatal(err)
	}
	for _, ref := range regexp.MustCompile(`"\$ref":"([^"]*)"`).FindAllSubmatch(doc, -1) {
		name := strings.TrimPrefix(string(ref[1]), "#/components/schemas/")
		if parsed.Components.Schemas[name] == nil {
			t.Errorf("%s refers to nothing", ref[1])
		}
	}
	for _, name := range []string{"SearchView", "OrderView", "OrderDetail", "OrderBody", "Problem", "ProductView", "InventoryView"} {
		if parsed.Components.Schemas[name] == nil {
			t.Errorf("%s is not described", name)
		}
	}
}

func TestTheCopyOfTheDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	doc, err := mustServe(t, &shop{}).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, doc, "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	if *update {
		if err := os.MkdirAll(filepath.Dir(openAPICopy), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(openAPICopy, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(openAPICopy)
	if err != nil || !bytes.Equal(kept, pretty.Bytes()) {
		t.Errorf("docs/openapi.json is not what the API says; run: make generate (%v)", err)
	}
}

func TestTheDocsFetchNothing(t *testing.T) {
	t.Parallel()
	w := call(mustServe(t, &shop{}), http.MethodGet, "/docs", "")
	page := w.Body.String()
	for _, bad := range []string{"<script", "src=", "@import", "url(", "http://", "https://"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	for _, want := range []string{"POST", "/orders/", "quantity_requested", "/api/search/suggest/", "page_size", "SearchView", "next_cursor"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %s", want)
		}
	}
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("policy %q", w.Header().Get("Content-Security-Policy"))
	}
}
