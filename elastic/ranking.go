package elastic

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed rankings/*.json
var rankingFiles embed.FS

// DefaultRanking is the profile that is used when none is named.
const DefaultRanking = "lexical-2"

// Ranking is a profile of the ranking: what each clause of the query counts. It
// says nothing about the index, so that another one needs no reindex. A file of
// rankings/ holds one; once it was released it is not changed, a better one is
// the next version.
type Ranking struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	// About says what is special about it.
	About string `json:"about"`
	// Fields are what the texts of the base score count, at least 1 each.
	Fields Fields `json:"fields"`
	// Weights are what the clauses add; one of 0 is not asked at all.
	Weights Weights `json:"weights"`
	// Accessory is the factor for things that serve another thing, unless one was
	// asked for: over 0, at most 1.
	Accessory float64 `json:"accessory"`
}

// Fields are the texts that the base score is made of.
type Fields struct {
	Title       float64 `json:"title"`
	Brand       float64 `json:"brand"`
	Category    float64 `json:"category"`
	Description float64 `json:"description"`
}

// Weights are constants, but for Cross and Model, which are multiplied with a
// BM25 score. The base score itself lies between 0 and about 25.
type Weights struct {
	Coverage float64 `json:"coverage"`
	Cross    float64 `json:"cross"`
	Model    float64 `json:"model"`
	Compound float64 `json:"compound"`
	Head     float64 `json:"head"`
	Subject  float64 `json:"subject"`
	Kind     float64 `json:"kind"`
	Category float64 `json:"category"`
	Brand    float64 `json:"brand"`
	Exact    float64 `json:"exact"`
}

// mostWeight bounds a weight: with more, floats lose what the others add.
const mostWeight = 10_000

// ID is the profile's name and version, "lexical-2": what a setting and a
// command call it.
func (r Ranking) ID() string { return fmt.Sprintf("%s-%d", r.Name, r.Version) }

// FindRanking reads a profile by its ID; the default one for "".
func FindRanking(id string) (Ranking, error) {
	if id == "" {
		id = DefaultRanking
	}
	text, err := rankingFiles.ReadFile("rankings/" + id + ".json")
	if err != nil {
		return Ranking{}, fmt.Errorf("there is no ranking %q: it must be one of %s", id, strings.Join(RankingIDs(), ", "))
	}
	r, err := ParseRanking(text)
	if err == nil && r.ID() != id {
		err = fmt.Errorf("it calls itself %s", r.ID())
	}
	if err != nil {
		return r, fmt.Errorf("the ranking %s: %w", id, err)
	}
	return r, nil
}

// RankingIDs lists the profiles there are, by name.
func RankingIDs() []string {
	names, err := fs.Glob(rankingFiles, "rankings/*.json")
	must(err)
	for i, name := range names {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(name, "rankings/"), ".json")
	}
	return names
}

// ParseRanking reads a profile from JSON. A field that is not known is an error,
// and so is a weight out of bounds.
func ParseRanking(text []byte) (r Ranking, err error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&r); err != nil {
		return r, fmt.Errorf("read it: %w", err)
	}
	return r, r.check()
}

func (r Ranking) check() error {
	var wrong []error
	refuse := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if r.Name == "" || r.Version < 1 {
		refuse("it needs a name, and a version from 1 on")
	}
	if r.Accessory <= 0 || r.Accessory > 1 {
		refuse("accessory must be over 0 and at most 1, and is %g", r.Accessory)
	}
	for name, v := range r.Fields.byName() {
		if *v < 1 || *v > mostWeight {
			refuse("fields.%s must be from 1 to %d, and is %g", name, mostWeight, *v)
		}
	}
	for name, v := range r.Weights.ByName() {
		if *v < 0 || *v > mostWeight {
			refuse("weights.%s must be from 0 to %d, and is %g", name, mostWeight, *v)
		}
	}
	return errors.Join(wrong...)
}

// Boosted lists the fields in the form of a query, "title^2".
func (f Fields) Boosted() []any {
	list := make([]any, 0, 4)
	for _, name := range []string{"title", "brand", "category", "description"} {
		list = append(list, fmt.Sprintf("%s^%g", name, *f.byName()[name]))
	}
	return list
}

func (f *Fields) byName() map[string]*float64 {
	return map[string]*float64{"title": &f.Title, "brand": &f.Brand, "category": &f.Category, "description": &f.Description}
}

// ByName gives the weights by what the file calls them.
func (w *Weights) ByName() map[string]*float64 {
	return map[string]*float64{
		"coverage": &w.Coverage, "cross": &w.Cross, "model": &w.Model, "compound": &w.Compound, "head": &w.Head,
		"subject": &w.Subject, "kind": &w.Kind, "category": &w.Category, "brand": &w.Brand, "exact": &w.Exact,
	}
}
