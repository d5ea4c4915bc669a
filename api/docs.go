package api

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"slices"
	"sort"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed web/docs.html
var pages embed.FS

// docsView is what the page of the documentation shows. The page fetches
// nothing, neither from here nor from other hosts.
type docsView struct {
	Title, Version, Description string
	Groups                      []docsGroup
	Schemas                     []docsSchema
}

type docsGroup struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	*huma.Operation
	Body      docsType
	Responses []docsResponse
}

type docsResponse struct {
	Status, Description string
	Type                docsType
}

// docsType is a type in words, and the schema that it refers to, if any.
type docsType struct {
	Text, Ref string
}

type docsSchema struct {
	Name   string
	Fields []docsField
}

type docsField struct {
	Name, Description, Example string
	Type                       docsType
	Required                   bool
}

func docsPage(doc *huma.OpenAPI) ([]byte, error) {
	page, err := template.New("docs.html").Funcs(template.FuncMap{"typeOf": typeInWords}).ParseFS(pages, "web/docs.html")
	if err != nil {
		return nil, fmt.Errorf("read the page of the documentation: %w", err)
	}
	view := docsView{Title: doc.Info.Title, Version: doc.Info.Version, Description: doc.Info.Description, Schemas: docsSchemas(doc)}
	for _, tag := range doc.Tags {
		view.Groups = append(view.Groups, docsGroup{Name: tag.Name, Operations: docsOperations(doc, tag.Name)})
	}
	var b bytes.Buffer
	if err := page.Execute(&b, view); err != nil {
		return nil, fmt.Errorf("make the page of the documentation: %w", err)
	}
	return b.Bytes(), nil
}

func docsOperations(doc *huma.OpenAPI, tag string) []docsOperation {
	var list []docsOperation
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || !slices.Contains(op.Tags, tag) {
				continue
			}
			view := docsOperation{Operation: op}
			if op.RequestBody != nil {
				view.Body = contentType(op.RequestBody.Content)
			}
			for status, r := range op.Responses {
				view.Responses = append(view.Responses, docsResponse{status, r.Description, contentType(r.Content)})
			}
			sort.Slice(view.Responses, func(i, j int) bool { return view.Responses[i].Status < view.Responses[j].Status })
			list = append(list, view)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Path+list[i].Method < list[j].Path+list[j].Method })
	return list
}

func contentType(content map[string]*huma.MediaType) docsType {
	for _, media := range content {
		return typeInWords(media.Schema)
	}
	return docsType{}
}

func docsSchemas(doc *huma.OpenAPI) []docsSchema {
	var list []docsSchema
	for name, schema := range doc.Components.Schemas.Map() {
		view := docsSchema{Name: name}
		for field, s := range schema.Properties {
			f := docsField{Name: field, Description: s.Description, Type: typeInWords(s), Required: slices.Contains(schema.Required, field)}
			if len(s.Examples) > 0 {
				f.Example = fmt.Sprint(s.Examples[0])
			}
			view.Fields = append(view.Fields, f)
		}
		sort.Slice(view.Fields, func(i, j int) bool { return view.Fields[i].Name < view.Fields[j].Name })
		list = append(list, view)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

func typeInWords(s *huma.Schema) docsType {
	switch {
	case s == nil:
		return docsType{}
	case s.Ref != "":
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return docsType{Text: name, Ref: name}
	case s.Type == "array":
		inner := typeInWords(s.Items)
		return docsType{Text: "list of " + inner.Text, Ref: inner.Ref}
	case len(s.Enum) > 0:
		return docsType{Text: strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Enum), " ", " | "), "[]")}
	case s.Format != "" && s.Format != "int64" && s.Format != "double":
		return docsType{Text: s.Type + " (" + s.Format + ")"}
	case s.Nullable:
		return docsType{Text: s.Type + " or null"}
	}
	return docsType{Text: s.Type}
}
