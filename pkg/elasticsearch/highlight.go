package elasticsearch

import (
	"strings"
)

// markedFields are the fields in which a page marks what matched: title, brand and
// category whole, of the description what stands around it.
var markedFields = m{
	"title": m{"number_of_fragments": 0}, "brand": m{"number_of_fragments": 0}, "category": m{"number_of_fragments": 0},
	"description": m{"number_of_fragments": 1, "fragment_size": 200},
}

// highlight marks the words of q, and what they are synonyms of, wherever they
// stand. The text around is escaped, so that what comes back is HTML.
func highlight(q string) m {
	fields := []any{"title", "brand", "category", "description"}
	words := []any{m{"multi_match": m{"query": q, "fields": fields}}, m{"multi_match": m{"query": q, "fields": fields, "analyzer": "words_synonyms"}}}
	return m{
		"type": "unified", "encoder": "html", "require_field_match": true, "fields": markedFields,
		"highlight_query": m{"bool": m{"should": words}},
	}
}

// marked joins the pieces of each field.
func marked(found map[string][]string) map[string]string {
	if len(found) == 0 {
		return nil
	}
	fields := make(map[string]string, len(found))
	for field, pieces := range found {
		fields[field] = strings.Join(pieces, " … ")
	}
	return fields
}
