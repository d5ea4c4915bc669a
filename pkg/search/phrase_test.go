package search_test

import (
	"slices"
	"strings"
	"testing"

	"aforro/pkg/search"
)

func TestPhrases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		title, brand string
		kinds        []string
		want         string
	}{
		{"HP EliteBook 840 G3 notebook 35.6 cm", "HP", []string{"notebook", "laptop"},
			"elitebook|hp elitebook|notebook|hp notebook|elitebook notebook|hp elitebook notebook|laptop|hp laptop|elitebook laptop|hp elitebook laptop"},
		{"Kingston Technology ValueRAM 4GB memory module", "Kingston Technology", []string{"memory module"},
			"valueram|kingston technology valueram|memory module|kingston technology memory module|valueram memory module|kingston technology valueram memory module"},
		{"C2G 20m Cat5e Patch Cable", "C2G", []string{"cable"}, "cable|c2g cable"},
		{"HP Color LaserJet CP2025", "hp", nil, "laserjet|hp laserjet"},
		{"Notebooks for all", "", []string{"notebook"}, "notebook"},
		{"Canon Canon", "Canon", []string{"canon"}, ""},
		{"APC", "APC", nil, ""},
		{"", "", nil, ""},
		{"HERMA Labels", "HERMA", []string{"label"}, "label|herma label"},
		{"Epson “Ä” x", "Epson", []string{strings.Repeat("long ", 20)}, ""},
	} {
		if got := strings.Join(search.Phrases(c.title, c.brand, c.kinds), "|"); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.title, got, c.want)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"HP Smart-UPS 750": "smart-ups", "HP 15 Pavilion": "", "HP for EliteBook": "", "HP with": "", "HP G Pavilion 5": "pavilion",
		"EliteBook, black": "elitebook", "HP a b c Pavilion": "", "HP Black EliteBook": "elitebook", "HP Core™ i5": "core", "hp printer": "",
	} {
		if got := search.Line(title, "HP", []string{"printer"}); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
}

// A phrase is words, and none of them is there only because another is.
func FuzzPhrases(f *testing.F) {
	f.Add("HP EliteBook 840 notebook", "HP", "notebook")
	f.Add("İ ß ™ (x)", "™", " ")
	f.Fuzz(func(t *testing.T, title, brand, kind string) {
		list := search.Phrases(title, brand, []string{kind})
		if len(list) > 6 || !slices.Equal(list, slices.Compact(slices.Clone(list))) {
			t.Errorf("%q", list)
		}
		for _, phrase := range list {
			if phrase == "" || len(phrase) > 60 || strings.Join(strings.Fields(phrase), " ") != phrase {
				t.Errorf("%q is no phrase", phrase)
			}
		}
	})
}
