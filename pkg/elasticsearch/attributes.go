package elasticsearch

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"aforro/pkg/search"
)

// attribute is one of a product's attributes. Key and value are JSON texts, the
// key's with its quotes, as they were written.
type attribute struct{ key, value string }

// attributes lists the attributes of a JSON object in its order, which is the
// database's and always the same; those without a value say nothing. Every product
// of a build comes by here, so nothing is decoded that can be copied.
func attributes(object json.RawMessage) ([]attribute, error) {
	if len(object) == 0 {
		return nil, nil
	}
	if !json.Valid(object) {
		return nil, errors.New("the attributes are no JSON")
	}
	s := scanner{text: strings.TrimSpace(string(object))}
	if s.text[0] != '{' {
		return nil, errors.New("the attributes are no JSON object")
	}
	s.at++
	list := make([]attribute, 0, 16)
	for key := s.token(); key != ""; key = s.token() {
		if value := s.token(); value != "null" {
			list = append(list, attribute{key, value})
		}
	}
	return list, nil
}

// typeNames picks what the product's type may be taken from.
func typeNames(list []attribute) map[string]json.RawMessage {
	var names map[string]json.RawMessage
	for _, a := range list {
		if key := inQuotes(a.key); slices.Contains(search.TypeAttributes, key) {
			if names == nil {
				names = map[string]json.RawMessage{}
			}
			names[key] = json.RawMessage(a.value)
		}
	}
	return names
}

// appendAttribute writes the one shape of all attributes: a key, its value as
// text, and as a number where it is one.
func appendAttribute(b []byte, a attribute) []byte {
	text := a.value
	b = append(append(append(b, `{"key":`...), a.key...), `,"value":`...)
	if text[0] == '"' {
		b, text = append(b, text...), inQuotes(text)
	} else {
		b = appendText(b, text)
	}
	if n, ok := number(text); ok {
		b = appendNumber(append(b, `,"number":`...), n)
	}
	return append(b, '}')
}

// number is the value of a text that is a plain decimal number. strconv also
// knows hexadecimal and infinite ones, which a shop does not mean.
func number(text string) (float64, bool) {
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && !math.IsInf(n, 0)
}

// inQuotes is a JSON string's content; escapes in it are decoded.
func inQuotes(literal string) string {
	if strings.IndexByte(literal, '\\') < 0 {
		return literal[1 : len(literal)-1]
	}
	var text string
	if json.Unmarshal([]byte(literal), &text) != nil {
		return literal
	}
	return text
}

// scanner walks through the keys and values of an object that is valid JSON.
type scanner struct {
	text string
	at   int
}

// token gives the JSON text of the next key or value; "" at the object's end.
func (s *scanner) token() string {
	for strings.IndexByte(" \t\r\n,:", s.text[s.at]) >= 0 {
		s.at++
	}
	from := s.at
	switch s.text[s.at] {
	case '}':
		return ""
	case '"':
		s.skipString()
	case '{', '[':
		s.skipNested()
	default:
		s.at += strings.IndexAny(s.text[s.at:], " \t\r\n,}")
	}
	return s.text[from:s.at]
}

func (s *scanner) skipString() {
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

func (s *scanner) skipNested() {
	for depth := 0; ; {
		switch s.text[s.at] {
		case '"':
			s.skipString()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.at++
		if depth == 0 {
			return
		}
	}
}
