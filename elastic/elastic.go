// Package elastic carries what the index is: settings, analysis, mappings (of
// products and of the titles that suggestions are made of) and synonyms, embedded. A change of any of them is a new version of
// the index behind the alias, built by `aforro reindex`.
//
// It uses nothing that only a part of the Elasticsearch builds has: prices are
// minor units in a long, synonyms are inline.
package elastic

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

var (
	//go:embed settings.json
	settingsFile []byte
	//go:embed mappings.json
	mappingsFile []byte
	//go:embed titles.json
	titlesFile []byte
	//go:embed synonyms.txt
	synonymsFile string
)

// Projection is the version of what documents are made of in Go: raise it when
// a product renders differently for the same row, so that it counts as a change
// of the definition.
const Projection = 2

// GCDeletes is how long an index remembers a delete: a write that is later than
// this would bring the document back. It is index.gc_deletes of settings.json.
const GCDeletes = time.Hour

// Definition is what a version of the index is made of. Both of its parts have
// the same settings.
type Definition struct {
	Settings map[string]any
	// Mappings are those of the products, Titles those of the titles.
	Mappings, Titles map[string]any
	// Hash tells definitions apart; it is kept in each index's _meta.
	Hash string
}

// Define reads the embedded files. They are the program's own, so a mistake in
// them is a panic, which the tests would meet first.
func Define() Definition { return define(settingsFile, mappingsFile, titlesFile, Synonyms()) }

func define(settings, mappings, titles []byte, synonyms []string) (d Definition) {
	must(json.Unmarshal(settings, &d.Settings))
	must(json.Unmarshal(mappings, &d.Mappings))
	must(json.Unmarshal(titles, &d.Titles))
	filters := d.Settings["analysis"].(map[string]any)["filter"].(map[string]any)
	filters["synonyms"].(map[string]any)["synonyms"] = synonyms
	sum := sha256.New()
	for _, part := range []any{d.Settings, d.Mappings, d.Titles, Projection} {
		body, err := json.Marshal(part)
		must(err)
		sum.Write(body)
	}
	d.Hash = hex.EncodeToString(sum.Sum(nil))[:16]
	return d
}

// Synonyms lists the groups of synonyms.txt.
func Synonyms() []string {
	var groups []string
	for line := range strings.Lines(synonymsFile) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			groups = append(groups, line)
		}
	}
	return groups
}

func must(err error) {
	if err != nil {
		panic("elastic: an embedded file is not valid: " + err.Error())
	}
}
