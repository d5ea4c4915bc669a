package elastic

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestDefinitionIsValidAndItsHashIsStable(t *testing.T) {
	t.Parallel()
	a, b := Define(), Define()
	if a.Hash != b.Hash || len(a.Hash) != 16 {
		t.Errorf("hashes %q and %q", a.Hash, b.Hash)
	}
	index := a.Settings["index"].(map[string]any)
	if d, err := time.ParseDuration(index["gc_deletes"].(string)); err != nil || d != GCDeletes {
		t.Errorf("index.gc_deletes is %v, GCDeletes %s, %v", index["gc_deletes"], GCDeletes, err)
	}
	for _, mappings := range []map[string]any{a.Mappings, a.Titles} {
		if mappings["dynamic"] != "strict" {
			t.Errorf("a mapping is dynamic: %v", mappings["dynamic"])
		}
	}
}

// Whatever is changed makes another index; the order and the spaces of the files
// do not.
func TestTheHashTellsDefinitionsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, d := range map[string]Definition{
		"as it is":          Define(),
		"another setting":   define(bytes.Replace(settingsFile, []byte(`"5s"`), []byte(`"6s"`), 1), mappingsFile, titlesFile, Synonyms(), Facets()),
		"another mapping":   define(settingsFile, bytes.Replace(mappingsFile, []byte(`"double"`), []byte(`"long"`), 1), titlesFile, Synonyms(), Facets()),
		"other titles":      define(settingsFile, mappingsFile, bytes.Replace(titlesFile, []byte(`"integer"`), []byte(`"long"`), 1), Synonyms(), Facets()),
		"one facet fewer":   define(settingsFile, mappingsFile, titlesFile, Synonyms(), Facets()[1:]),
		"one synonym fewer": define(settingsFile, mappingsFile, titlesFile, Synonyms()[1:], Facets()),
	} {
		if other, ok := seen[d.Hash]; ok {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[d.Hash] = name
	}
	spaced := define(bytes.ReplaceAll(settingsFile, []byte("\n"), []byte("\n  ")), mappingsFile, titlesFile, Synonyms(), Facets())
	if spaced.Hash != Define().Hash {
		t.Error("spaces make another index")
	}
}

// Only a part of the Elasticsearch builds has these field types (mapper-extras).
func TestNothingNeedsAModuleThatMayBeAbsent(t *testing.T) {
	t.Parallel()
	for _, absent := range []string{"scaled_float", "rank_feature", "search_as_you_type", "match_only_text", "token_count", "wildcard"} {
		if strings.Contains(string(mappingsFile)+string(titlesFile), `"`+absent+`"`) {
			t.Errorf("the mapping uses %s", absent)
		}
	}
	if strings.Contains(string(settingsFile), "synonyms_set") || strings.Contains(string(settingsFile), "synonyms_path") {
		t.Error("synonyms must be inline")
	}
}

func TestEverySynonymHasAReasonAndItsAnalysedForm(t *testing.T) {
	t.Parallel()
	if strings.Contains(string(settingsFile), "synonyms.txt") || len(Synonyms()) < 10 {
		t.Errorf("%d groups", len(Synonyms()))
	}
	reason, seen := false, map[string]string{}
	for line := range strings.Lines(synonymsFile) {
		line = strings.TrimSpace(line)
		reason = reason && line != "" || strings.HasPrefix(line, "#")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !reason {
			t.Errorf("%q stands under no reason", line)
		}
		words := strings.Split(line, ",")
		if line != strings.ToLower(line) || len(words) < 2 {
			t.Errorf("%q must be small letters, two words or more", line)
		}
		for _, word := range words {
			if word = strings.TrimSpace(word); word == "" || seen[word] != "" {
				t.Errorf("%q is empty or in two groups: %q and %q", word, seen[word], line)
			}
			seen[word] = line
		}
	}
}
