package elasticsearch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"aforro/elastic"
	"aforro/pkg/search"
)

// allStores is the context of every title.
const allStores = "all"

// maxWeight: of two titles the shorter is offered first.
const maxWeight = 1 << 20

// appendTitle writes what suggestions are made of. It knows nothing of stock,
// which changes far more often. The completion suggester offers the whole title,
// in the contexts of every store that carries the product and of all; the rest is
// for what is offered beside titles.
func appendTitle(b []byte, doc *search.Document) ([]byte, error) {
	list, err := attributes(doc.Attributes)
	if err != nil {
		return nil, fmt.Errorf("write the titles of product %d: %w", doc.ID, err)
	}
	length := utf8.RuneCountInString(doc.Title)
	b = strconv.AppendInt(append(b, `{"id":`...), doc.ID, 10)
	b = appendMember(b, "title", doc.Title)
	b = strconv.AppendInt(append(b, `,"title_length":`...), int64(length), 10)
	b = appendStores(append(b, `,"stores":`...), doc.Stock)
	b = appendSome(b, "brand", doc.Brand)
	b = appendMember(b, "category", doc.Category)
	kinds := kindsOf(search.ProductType(doc.Title, typeNames(list)))
	b = appendTexts(b, "kinds", kinds)
	b = appendTexts(b, "phrases", search.Phrases(doc.Title, doc.Brand, kinds))
	b = appendText(append(b, `,"suggest":{"input":`...), offered(doc.Title))
	b = strconv.AppendInt(append(b, `,"weight":`...), int64(maxWeight-length), 10)
	b = append(b, `,"contexts":{"store":["`+allStores+`"`...)
	for _, line := range doc.Stock {
		b = append(strconv.AppendInt(append(b, `,"`...), line.StoreID, 10), '"')
	}
	return appendHash(append(b, `]}}`...), doc.TitlesHash), nil
}

// appendTexts appends a member that is a list of texts; none when it is empty.
func appendTexts(b []byte, name string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	return appendList(append(append(append(b, `,"`...), name...), `":`...), list, appendText)
}

// sameKind gives the other names of a kind of thing, by each name: those that
// searches take for the same.
var sameKind = func() map[string][]string {
	others := map[string][]string{}
	for _, group := range elastic.Synonyms() {
		names := strings.Split(group, ",")
		for i := range names {
			names[i] = strings.TrimSpace(names[i])
		}
		for i, name := range names {
			others[name] = append(others[name], slices.Delete(slices.Clone(names), i, i+1)...)
		}
	}
	return others
}()

// kindsOf gives the product's type and other words for the same, the type first.
func kindsOf(kind string) []string {
	if kind == "" {
		return nil
	}
	return append([]string{kind}, sameKind[kind]...)
}
