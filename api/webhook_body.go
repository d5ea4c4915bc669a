package api

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/notify"
)

// webhookBody describes what POST /webhooks/ takes, webhookChange what PATCH
// does; readWebhook reads both.
type webhookBody struct {
	URL         string `json:"url" maxLength:"2000" doc:"https, to a public address."`
	Description string `json:"description,omitempty" maxLength:"500" doc:"For people."`
}

type webhookChange struct {
	URL         string `json:"url,omitempty" maxLength:"2000" doc:"Where everything goes from now on, what is due included."`
	Description string `json:"description,omitempty" maxLength:"500"`
}

func (s *Server) describeWebhookBodies() {
	doc := s.huma.OpenAPI()
	describe := func(schema *huma.Schema) *huma.RequestBody {
		return &huma.RequestBody{Required: true, Content: jsonOf(schema)}
	}
	doc.Paths["/webhooks/"].Post.RequestBody = describe(doc.Components.Schemas.Schema(typeOf[webhookBody](), true, ""))
	doc.Paths["/webhooks/{id}/"].Patch.RequestBody = describe(doc.Components.Schemas.Schema(typeOf[webhookChange](), true, ""))
}

// readWebhook reads what is given of an endpoint. Values that cannot be are
// refused by notify, which knows them.
func readWebhook(body []byte) (c notify.Change, err error) {
	var r bodyReader
	whole, err := r.object(body)
	if err != nil {
		return c, err
	}
	c.URL, c.Description = r.textOrNil("body.url", whole["url"]), r.textOrNil("body.description", whole["description"])
	return c, r.err()
}

// textOrNil reads a text; nil when it is absent.
func (r *bodyReader) textOrNil(at string, raw json.RawMessage) *string {
	if absent(raw) {
		return nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		r.refuse(at, "must be a text", raw)
		return nil
	}
	return &s
}
