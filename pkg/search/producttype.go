package search

import (
	"encoding/json"
	"strings"
	"unicode"
)

// TypeAttributes are the attributes that name a product's type, the best first.
var TypeAttributes = []string{"product_type", "device_type", "type"}

// ProductType is what kind of thing a product is, in its own words: "toner
// cartridge", "notebook"; empty when nothing says so. It comes from the
// TypeAttributes among its attributes, else from the title, where manufacturers write
// brand and model in capitals or digits and the type in small letters.
func ProductType(title string, attributes map[string]json.RawMessage) string {
	for _, key := range TypeAttributes {
		raw, ok := attributes[key]
		var value string
		if ok && json.Unmarshal(raw, &value) == nil && namesType(value) {
			return strings.ToLower(value)
		}
	}
	return typeInTitle(title)
}

// notTypes are values of type attributes that say how a thing is made, sold or
// serviced rather than what it is.
var notTypes = map[string]bool{
	"original": true, "compatible": true, "on-site": true, "pick-up&return": true, "box": true,
	"system": true, "special": true, "universal": true,
}

// namesType: letters, at most four words, and not one of notTypes.
func namesType(value string) bool {
	words := strings.Fields(value)
	if len(words) == 0 || len(words) > 4 || notTypes[strings.ToLower(value)] {
		return false
	}
	for _, r := range value {
		if !unicode.IsLetter(r) && r != ' ' && r != '-' && r != '/' {
			return false
		}
	}
	return len([]rune(value)) > 1
}

// titleEnds are the words after which a title speaks of something else.
var titleEnds = map[string]bool{"for": true, "with": true, "w": true, "without": true, "fits": true, "to": true}

// looks are words that titles end with and that say how a thing looks or is
// made, never what it is: colours first.
var looks = map[string]bool{
	"beige": true, "black": true, "blue": true, "brown": true, "clear": true, "color": true, "colour": true, "cyan": true, "gold": true,
	"gray": true, "green": true, "grey": true, "magenta": true, "orange": true, "pink": true, "purple": true, "red": true,
	"silver": true, "titanium": true, "transparent": true, "violet": true, "white": true, "yellow": true,
	"box": true, "compatible": true, "digital": true, "female": true, "glossy": true, "laser": true, "male": true, "matt": true,
	"original": true, "wired": true, "wireless": true,
}

// connectives do not begin or end a type.
var connectives = map[string]bool{"and": true, "of": true, "in": true, "on": true, "the": true, "a": true, "pc": true, "x": true}

// typeInTitle is the last run of small-letter words before the title turns to
// something else; where there is none, the last plain word of that part.
func typeInTitle(title string) string {
	var run, best []string
	last := ""
	end := func() {
		for len(run) > 0 && (connectives[run[len(run)-1]] || looks[run[len(run)-1]]) {
			run = run[:len(run)-1]
		}
		if len(run) > 0 {
			best = run
		}
		run = nil
	}
	for i, word := range strings.Fields(title) {
		plain := strings.Trim(word, ",.;:()[]\"'")
		lower := strings.ToLower(plain)
		switch {
		case titleEnds[lower] && last != "":
			end()
			return firstOf(best, last)
		case unit[lower]:
			end()
		case plain == lower && onlyLetters(plain) && len(plain) > 1:
			if len(run) > 0 || !connectives[lower] {
				run = append(run, lower)
			}
			if !looks[lower] {
				last = lower
			}
		default:
			end()
			// The first word is the brand.
			if i > 0 && onlyLetters(plain) && len(plain) > 2 && !looks[lower] {
				last = lower
			}
		}
	}
	end()
	return firstOf(best, last)
}

func firstOf(run []string, word string) string {
	if len(run) > 0 {
		return strings.Join(run, " ")
	}
	return word
}

// unit words stand behind a number and name no thing.
var unit = map[string]bool{
	"cm": true, "mm": true, "m": true, "ft": true, "kg": true, "g": true, "l": true, "ml": true, "w": true, "v": true, "mah": true,
	"pixels": true, "pages": true, "sheets": true, "pcs": true, "pc(s)": true, "license(s)": true, "ppm": true, "dpi": true, "users": true, "user": true, "year": true, "years": true,
}

func onlyLetters(word string) bool {
	for _, r := range word {
		if !unicode.IsLetter(r) && r != '-' {
			return false
		}
	}
	return word != ""
}

// HeadNoun is the word of a product type that says what the thing is: the last
// one, as English puts it ("toner cartridge").
func HeadNoun(productType string) string {
	words := strings.FieldsFunc(productType, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}
