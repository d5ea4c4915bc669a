package elasticsearch

import (
	"strconv"
	"unicode/utf8"

	"aforro/pkg/search"
)

// title is what suggestions are made of. It knows nothing of stock, which
// changes far more often.
type title struct {
	ID          int64      `json:"id"`
	Title       string     `json:"title"`
	TitleLength int        `json:"title_length"`
	Stores      []int64    `json:"stores"`
	Suggest     suggestion `json:"suggest"`
}

// suggestion is what the completion suggester offers: the whole title, in the
// contexts of every store that carries the product and of all.
type suggestion struct {
	Input    string              `json:"input"`
	Weight   int                 `json:"weight"`
	Contexts map[string][]string `json:"contexts"`
}

// allStores is the context of every document.
const allStores = "all"

// maxWeight: of two titles the shorter is offered first.
const maxWeight = 1 << 20

func titled(doc *search.Document) title {
	length := utf8.RuneCountInString(doc.Title)
	stores, contexts := make([]int64, len(doc.Stock)), []string{allStores}
	for i, line := range doc.Stock {
		stores[i] = line.StoreID
		contexts = append(contexts, strconv.FormatInt(line.StoreID, 10))
	}
	return title{
		ID: doc.ID, Title: doc.Title, TitleLength: length, Stores: stores,
		Suggest: suggestion{Input: offered(doc.Title), Weight: maxWeight - length, Contexts: map[string][]string{"store": contexts}},
	}
}
