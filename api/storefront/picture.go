package storefront

import (
	"hash/fnv"
	"strings"
	"unicode"
)

// tints is how many colours there are for drawn pictures (store.css).
const tints = 8

// shapes is how many patterns there are (parts.html).
const shapes = 4

// Picture is what is shown of a product: a link to an image, or a drawing with
// the brand's letters in a colour of its category.
type Picture struct {
	// URL is empty when a drawing stands in.
	URL     string
	Tint    int
	Shape   int
	Letters string
}

func (p *Pages) picture(image, brand, category, title string) Picture {
	if p.allowed(image) {
		return Picture{URL: image}
	}
	name := brand
	if name == "" {
		name = title
	}
	return Picture{Tint: pick(category, tints), Shape: pick(title, shapes), Letters: letters(name)}
}

// pick chooses one of n by a text, always the same.
func pick(text string, n uint32) int {
	h := fnv.New32a()
	h.Write([]byte(text))
	return int(h.Sum32() % n)
}

// letters are the first ones of the first two words, or of the only one.
func letters(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var first []rune
	for _, w := range words[:min(2, len(words))] {
		first = append(first, []rune(w)[0])
	}
	if len(words) == 1 {
		first = []rune(words[0])
		first = first[:min(2, len(first))]
	}
	return strings.ToUpper(string(first))
}
