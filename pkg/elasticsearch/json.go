package elasticsearch

import (
	"encoding/json"
	"math"
	"strconv"
)

// What json.Marshal gives, appended to what is there: a build writes every
// product, on the processors that the database and the index need as well.

// appendText appends a JSON string.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return appendOdd(b, text)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// appendOdd appends a JSON string in which something is written otherwise.
func appendOdd(b []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil { // There is no such string.
		panic("elasticsearch: write a text: " + err.Error())
	}
	return append(b, quoted...)
}

// appendNumber appends a number that is not infinite.
func appendNumber(b []byte, n float64) []byte {
	if size := math.Abs(n); size == 0 || (size >= 1e-6 && size < 1e21) {
		return strconv.AppendFloat(b, n, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, n, 'e', -1, 64)
}

// appendMember appends a member of an object with its name, after another one.
func appendMember(b []byte, name, text string) []byte {
	return appendText(append(append(append(b, `,"`...), name...), `":`...), text)
}

// appendSome is appendMember for what may be empty, and is left out then.
func appendSome(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendMember(b, name, text)
}

// appendList appends an array, one item after the other.
func appendList[T any](b []byte, list []T, one func(b []byte, item T) []byte) []byte {
	b = append(b, '[')
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, item)
	}
	return append(b, ']')
}
