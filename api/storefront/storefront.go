// Package storefront renders the pages that shoppers see: results with facets,
// a product, an order, and what went wrong. It is given what to show and writes
// HTML; it asks nobody and knows no route but the addresses it links to. The pages
// fetch nothing from other hosts and work without scripts.
package storefront

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
)

//go:embed templates/*.html
var templates embed.FS

// Pages renders. It is safe for use by many at once.
type Pages struct {
	views   map[string]*template.Template
	assets  map[string]Asset
	origins []string
}

// New reads the templates. imageOrigins are where pictures may come from, such
// as https://images.example.com; from elsewhere none are shown.
func New(imageOrigins []string) (*Pages, error) {
	p := &Pages{views: map[string]*template.Template{}}
	for _, origin := range imageOrigins {
		p.origins = append(p.origins, strings.ToLower(strings.TrimSuffix(strings.TrimSpace(origin), "/")))
	}
	var err error
	if p.assets, err = readAssets(); err != nil {
		return nil, err
	}
	for _, name := range []string{"results", "product", "order", "failure"} {
		t, err := template.New("frame.html").Funcs(p.functions()).ParseFS(templates, "templates/frame.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("read the template of %s: %w", name, err)
		}
		p.views[name] = t
	}
	return p, nil
}

func (p *Pages) functions() template.FuncMap {
	return template.FuncMap{"asset": p.assetPath, "money": money, "count": grouped, "picture": p.picture, "marked": marked,
		"choice": choose, "plus": func(a, b int) int { return a + b }, "most": func() int { return MostPieces }}
}

// Policy is the Content-Security-Policy of every page.
func (p *Pages) Policy() string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src " +
		strings.Join(append([]string{"'self'"}, p.origins...), " ")
}

// allowed reports whether a picture may be shown from where it is.
func (p *Pages) allowed(image string) bool {
	u, err := url.Parse(image)
	return err == nil && u.User == nil && slices.Contains(p.origins, strings.ToLower(u.Scheme+"://"+u.Host))
}

// Frame is what surrounds every page.
type Frame struct {
	// Title names the page.
	Title string
	// Search is what is asked for, of which the head of the page shows the words
	// and the store.
	Search Query
	Stores []Store
	// Reload makes a browser without scripts load the page again every 2 s.
	Reload bool
}

// Store is one store of the picker.
type Store struct {
	ID   int64
	Name string
	City string
	// Selected: this is the shopper's.
	Selected bool
}

// store finds the selected one.
func (f Frame) store() *Store {
	for i := range f.Stores {
		if f.Stores[i].Selected {
			return &f.Stores[i]
		}
	}
	return nil
}

// City is where the selected store is; empty when there is none.
func (f Frame) City() string {
	if s := f.store(); s != nil {
		return s.City
	}
	return ""
}

func (p *Pages) render(page, part string, view any) ([]byte, error) {
	var b bytes.Buffer
	if err := p.views[page].ExecuteTemplate(&b, part, view); err != nil {
		return nil, fmt.Errorf("render the page of %s: %w", page, err)
	}
	return b.Bytes(), nil
}

// Failure is a page that says what went wrong.
type Failure struct {
	Frame
	// Status is the HTTP status, Detail what is wrong, for a person.
	Status int
	Detail string
	// Again is an address that is worth trying: the same one, or a way out.
	Again string
	// Temporary: the same may work in a while.
	Temporary bool
	// Reference finds the request in the log; empty when it is not there.
	Reference string
}

// Heading says in a few words what is the matter.
func (f Failure) Heading() string {
	switch {
	case f.Status == 404:
		return "This is not here"
	case f.Status == 429:
		return "Too many requests"
	case f.Temporary:
		return "Back in a moment"
	case f.Status >= 500:
		return "Something went wrong"
	case f.Status == 401 || f.Status == 403:
		return "This does not open"
	}
	return "This cannot be done"
}

// Failure renders the page.
func (p *Pages) Failure(view Failure) ([]byte, error) {
	view.Title = view.Heading()
	return p.render("failure", "frame.html", view)
}

// FailureFragment renders what stands in the place of results.
func (p *Pages) FailureFragment(view Failure) ([]byte, error) {
	return p.render("failure", "content", view)
}
