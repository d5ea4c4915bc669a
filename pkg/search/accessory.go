package search

import (
	"strings"
	"unicode"
)

// accessoryNouns are things that serve another thing. The list is of the trade
// (what shops file under accessories and supplies), not of any query.
var accessoryNouns = func() map[string]bool {
	nouns := map[string]bool{}
	for noun := range strings.FieldsSeq(`
		adapter adaptor arm backpack bag band base battery bracket cable cabling cap cartridge case cart charger
		clamp cleaner connector converter cooler cord cover cradle dock drum enclosure extender extension fan film
		filter fuser grip handle hinge holder holster hood ink inlay kit label lamp lead lock mount pad panel part
		plate plug pouch protector rack rail refill remote replacement ribbon roller screw shade shelf shell skin
		skirt sleeve spare splitter stand sticker strap stylus supply support terminator tip toner transceiver tray
		warranty wrap`) {
		nouns[noun] = true
	}
	return nouns
}()

// IsAccessory reports whether the product is something for another thing: its
// type's head noun, or the last noun before "for" in its title, is the name of
// an accessory.
func IsAccessory(title, productType string) bool {
	if accessoryNouns[singular(HeadNoun(productType))] {
		return true
	}
	before, _, found := strings.Cut(strings.ToLower(title), " for ")
	return found && accessoryNouns[singular(HeadNoun(before))]
}

// AsksForAccessory reports whether one of the query's words names an accessory.
func AsksForAccessory(query string) bool {
	words := strings.FieldsFunc(strings.ToLower(query), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, w := range words {
		if accessoryNouns[singular(w)] {
			return true
		}
	}
	return false
}

// singular takes a plural ending off, as far as a list of nouns needs it.
func singular(word string) string {
	switch {
	case strings.HasSuffix(word, "ies") && len(word) > 4:
		return word[:len(word)-3] + "y"
	case strings.HasSuffix(word, "ches"), strings.HasSuffix(word, "shes"), strings.HasSuffix(word, "xes"):
		return word[:len(word)-2]
	case strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && !strings.HasSuffix(word, "us") && len(word) > 3:
		return word[:len(word)-1]
	}
	return word
}
