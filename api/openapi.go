package api

import (
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// description is what the OpenAPI document says of the whole.
const description = `Search, suggestions, orders and stock of stores.

Paths answer alike with and without their last slash. Times are RFC 3339 with an offset, prices decimals in strings.
Every refusal is an RFC 9457 problem (application/problem+json) with a detail and a list of what is wrong; 429 and 503 carry Retry-After.`

// describe is huma's configuration: its own pages are off, since they fetch
// from other hosts; docs.go has ours. Schemas are not linked from answers.
func describe() huma.Config {
	config := huma.DefaultConfig("Aforro", "1.0.0")
	config.Info.Description = description
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.AllowAdditionalPropertiesByDefault = true // fields may be added to answers, and are ignored in bodies
	config.Servers = []*huma.Server{{URL: "/", Description: "This server."}}
	config.Tags = []*huma.Tag{{Name: "Search"}, {Name: "Orders"}, {Name: "Stores"}, {Name: "Webhooks"}, {Name: "Operations"}}
	return config
}

// docPage is a route that huma does not answer but the document lists.
type docPage struct {
	path, id, summary, contentType string
}

// OpenAPI is the OpenAPI 3.1 document of every route, as JSON.
func (s *Server) OpenAPI() ([]byte, error) {
	doc, err := s.huma.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return doc, nil
}

func (s *Server) listPage(p docPage) {
	s.huma.OpenAPI().AddOperation(&huma.Operation{
		OperationID: p.id, Method: http.MethodGet, Path: p.path, Summary: p.summary, Tags: []string{"Operations"},
		Responses: map[string]*huma.Response{"200": {
			Description: "OK",
			Content:     map[string]*huma.MediaType{p.contentType: {Schema: &huma.Schema{Type: "string"}}},
		}},
	})
}

// routeDocs comes last: the document and its page are made once, of all that
// was registered.
func (s *Server) routeDocs() error {
	s.listPage(docPage{"/metrics", "metrics", "Metrics for Prometheus", "text/plain"})
	s.listPage(docPage{"/openapi.json", "openapi", "This description", "application/json"})
	s.listPage(docPage{"/docs", "docs", "This description, to read", "text/html"})
	doc, err := s.OpenAPI()
	if err != nil {
		return err
	}
	page, err := docsPage(s.huma.OpenAPI())
	if err != nil {
		return err
	}
	s.engine.GET("/metrics", gin.WrapH(s.o.MetricsPage))
	s.engine.GET("/openapi.json", func(c *gin.Context) { static(c, jsonUTF8, doc) })
	s.engine.GET("/docs", func(c *gin.Context) {
		c.Header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		static(c, "text/html; charset=utf-8", page)
	})
	return nil
}

func static(c *gin.Context, contentType string, body []byte) {
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, contentType, body)
}

// ok200 describes an answer whose body is written ready-made.
func ok200(description string, schema *huma.Schema) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: description, Content: jsonOf(schema)}}
}

func jsonOf(schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/json": {Schema: schema}}
}

// or304 adds what If-None-Match may be answered.
func or304(responses map[string]*huma.Response) map[string]*huma.Response {
	responses["304"] = &huma.Response{Description: "The answer is that of the ETag which If-None-Match names: the same headers, no body."}
	return responses
}
