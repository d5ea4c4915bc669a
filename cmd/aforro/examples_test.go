//go:build integration

package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// example is a curl line of a document.
var example = regexp.MustCompile(`(?m)^ +\$? ?curl '(?:http://)?(?:localhost|127\.0\.0\.1):8000(/[^']*)'$`)

// Each example of docs/search.md is answered on the demo catalogue, and finds
// something.
func TestTheExamplesOfTheDocumentsFindSomething(t *testing.T) {
	text, err := os.ReadFile("../../docs/search.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := example.FindAllStringSubmatch(string(text), -1)
	if want := strings.Count(string(text), "curl '"); len(examples) != want || want < 15 {
		t.Fatalf("%d of %d examples are understood", len(examples), want)
	}
	s := openDemo(t)
	for _, e := range examples {
		t.Run(e[1], func(t *testing.T) {
			resp, err := http.Get(s.base + e[1])
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("status %d", resp.StatusCode)
			}
			var found struct{ Results, Facets []json.RawMessage }
			var list []json.RawMessage
			if strings.Contains(e[1], "/suggest/") {
				err = json.NewDecoder(resp.Body).Decode(&list)
			} else if err = json.NewDecoder(resp.Body).Decode(&found); err == nil {
				list = found.Results
			}
			if err != nil || len(list) == 0 {
				t.Errorf("nothing was found (%v)", err)
			}
			if strings.Contains(e[1], "facets=") && len(found.Facets) == 0 {
				t.Error("nothing was counted")
			}
		})
	}
}
