package elasticsearch

import (
	"encoding/json"
	"math"
	"testing"
	"unicode/utf8"
)

// What is read by hand is what encoding/json reads.
func FuzzAttributes(f *testing.F) {
	for _, seed := range []string{
		`{"a": 1, "b": "x\"y", "c": {"d": ["}", {}]}, "e": null, "f": [[], "\\"], "": -1.5e3}`, ` { } `, `{"\u0061\\": true}`, `[]`, `{"a":1,}`, `"x"`, `{"a" : "b" , "c" :false }`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want map[string]json.RawMessage
		broken := json.Unmarshal([]byte(text), &want) != nil || want == nil
		list, err := attributes(json.RawMessage(text))
		if broken || text == "" {
			if err == nil && text != "" {
				t.Fatalf("%q was taken", text)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		seen := map[string]int{}
		for _, a := range list {
			seen[inQuotes(a.key)]++
		}
		for _, a := range list {
			// encoding/json mends letters that are none, and keeps the last of doubles:
			// the database has neither.
			value := string(want[inQuotes(a.key)])
			if utf8.ValidString(text) && seen[inQuotes(a.key)] == 1 && value != a.value && value != "null" {
				t.Fatalf("%q: %s is %s, want %s", text, a.key, a.value, value)
			}
			if one := appendAttribute(nil, a); !json.Valid(one) {
				t.Fatalf("%q: %s", text, one)
			}
		}
		for key, value := range want {
			if string(value) != "null" && utf8.ValidString(text) && seen[key] == 0 {
				t.Fatalf("%q: %q is missing", text, key)
			}
		}
	})
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "plain", `quo"ted\`, "a&b <c>", "\x00\x1f\x7f", "\xff\xfe", "é😀\u2028"} {
		f.Add(seed, 1.5)
	}
	f.Add("", 1e-9)
	f.Add("", 1e300)
	f.Fuzz(func(t *testing.T, text string, n float64) {
		want, err := json.Marshal(text)
		if err != nil || string(appendText(nil, text)) != string(want) {
			t.Errorf("%q: %s, want %s (%v)", text, appendText(nil, text), want, err)
		}
		var back float64
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return
		}
		if err := json.Unmarshal(appendNumber(nil, n), &back); err != nil || back != n {
			t.Errorf("%g: %s (%v)", n, appendNumber(nil, n), err)
		}
	})
}
