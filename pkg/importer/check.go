package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"aforro/pkg/catalog"
)

// checkTexts holds a product's texts against the limits of the catalogue.
func checkTexts(p *catalog.Product) error {
	for _, f := range []struct {
		name, text string
		most       int
		needed     bool
	}{
		{"sku", p.SKU, catalog.MaxSKU, true},
		{"title", p.Title, catalog.MaxTitle, true},
		{"category", p.Category, catalog.MaxCategory, true},
		{"brand", p.Brand, catalog.MaxBrand, false},
		{"description", p.Description, catalog.MaxDescription, false},
		{"gtin", p.GTIN, catalog.MaxGTIN, false},
		{"image_url", p.ImageURL, catalog.MaxURL, false},
	} {
		switch {
		case f.needed && f.text == "":
			return fmt.Errorf("%s: is missing", f.name)
		case len(f.text) > f.most && utf8.RuneCountInString(f.text) > f.most:
			return fmt.Errorf("%s: is longer than %d characters", f.name, f.most)
		case strings.IndexByte(f.text, 0) >= 0:
			return fmt.Errorf("%s: contains a NUL character", f.name)
		}
	}
	if strings.Trim(p.GTIN, "0123456789") != "" {
		return fmt.Errorf("gtin: %q does not consist of digits only", clip(p.GTIN))
	}
	if p.ImageURL != "" && !strings.HasPrefix(p.ImageURL, "http://") && !strings.HasPrefix(p.ImageURL, "https://") {
		return fmt.Errorf("image_url: %q does not begin with http:// or https://", clip(p.ImageURL))
	}
	return nil
}

// Bounds of attributes that PostgreSQL's jsonb and Elasticsearch both take.
const (
	maxDepth  = 20  // levels of nesting
	maxNumber = 100 // characters of one number
	maxExp    = 300 // of one number
)

var (
	errNotObject = errors.New("attributes: must be an object")
	errSize      = fmt.Errorf("attributes: are larger than %d bytes", catalog.MaxAttributes)
	errDepth     = fmt.Errorf("attributes: are nested deeper than %d levels", maxDepth)
	errNumber    = errors.New("attributes: hold a number that is too long or too large")
	errEscape    = errors.New("attributes: hold a NUL character or half of a surrogate pair")
)

// parseAttributes checks an object that is known to be valid JSON.
func parseAttributes(raw json.RawMessage) (json.RawMessage, error) {
	switch {
	case absent(raw):
		return json.RawMessage("{}"), nil
	case raw[0] != '{':
		return nil, errNotObject
	case len(raw) > catalog.MaxAttributes:
		return nil, errSize
	}
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			end, err := checkString(raw, i+1)
			if err != nil {
				return nil, err
			}
			i = end
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return nil, errDepth
			}
		case c == '}' || c == ']':
			depth--
		case c == '-' || c >= '0' && c <= '9':
			end := i
			for end < len(raw) && strings.IndexByte("+-.eE0123456789", raw[end]) >= 0 {
				end++
			}
			if err := checkNumber(string(raw[i:end])); err != nil {
				return nil, err
			}
			i = end - 1
		}
	}
	return raw, nil
}

// checkString looks through the string that begins at i and returns where its
// closing quote is. encoding/json mends a lone surrogate and passes a NUL;
// jsonb refuses both.
func checkString(raw []byte, i int) (int, error) {
	for ; raw[i] != '"'; i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		if raw[i] != 'u' {
			continue
		}
		r := unescape(raw, i+1)
		i += 4
		if utf16.IsSurrogate(r) {
			if raw[i+1] != '\\' || raw[i+2] != 'u' || utf16.DecodeRune(r, unescape(raw, i+3)) == utf8.RuneError {
				return 0, errEscape
			}
			i += 6
		}
		if r == 0 {
			return 0, errEscape
		}
	}
	return i, nil
}

// unescape reads the four hex digits at i: valid JSON has them.
func unescape(raw []byte, i int) rune {
	n, err := strconv.ParseUint(string(raw[i:i+4]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}

func checkNumber(n string) error {
	if len(n) > maxNumber {
		return errNumber
	}
	if at := strings.IndexAny(n, "eE"); at >= 0 {
		exp, err := strconv.Atoi(n[at+1:])
		if err != nil || exp > maxExp || exp < -maxExp {
			return errNumber
		}
	}
	return nil
}
