package elasticsearch

import (
	"strconv"
	"unicode/utf8"

	"aforro/pkg/search"
)

// allStores is the context of every title.
const allStores = "all"

// maxWeight: of two titles the shorter is offered first.
const maxWeight = 1 << 20

// appendTitle writes what suggestions are made of. It knows nothing of stock,
// which changes far more often. The completion suggester offers the whole title,
// in the contexts of every store that carries the product and of all.
func appendTitle(b []byte, doc *search.Document) []byte {
	length := utf8.RuneCountInString(doc.Title)
	b = strconv.AppendInt(append(b, `{"id":`...), doc.ID, 10)
	b = appendMember(b, "title", doc.Title)
	b = strconv.AppendInt(append(b, `,"title_length":`...), int64(length), 10)
	b = appendStores(append(b, `,"stores":`...), doc.Stock)
	b = appendText(append(b, `,"suggest":{"input":`...), offered(doc.Title))
	b = strconv.AppendInt(append(b, `,"weight":`...), int64(maxWeight-length), 10)
	b = append(b, `,"contexts":{"store":["`+allStores+`"`...)
	for _, line := range doc.Stock {
		b = append(strconv.AppendInt(append(b, `,"`...), line.StoreID, 10), '"')
	}
	return append(b, `]}}}`...)
}
