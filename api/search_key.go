package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"aforro/pkg/search"
)

// searchKey names a search in the cache: requests that mean the same have the
// same key. What is found by words, names and values in any case has one case
// here, and what is a set has one order.
func searchKey(p search.Params) string {
	choice := p.Choice()
	p.Categories, p.Brands, p.Attributes, p.Near = nil, nil, nil, nil
	p.Query, p.Fields = strings.ToLower(p.Query), search.Fold(p.Fields)
	text, err := json.Marshal(p)
	if err != nil {
		panic("api: parameters are always JSON: " + err.Error())
	}
	return keyOf("search", append(text, choice...))
}

// suggestKey names a suggestion in the cache.
func suggestKey(typed string, storeID int64) string {
	return keyOf("suggest", fmt.Appendf(nil, "%q %d", strings.ToLower(typed), storeID))
}

// keyOf is short whatever it stands for. The number is raised when entries are
// written otherwise than before.
func keyOf(kind string, meaning []byte) string {
	sum := sha256.Sum256(meaning)
	return kind + ":3:" + hex.EncodeToString(sum[:16])
}
