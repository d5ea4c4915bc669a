package elasticsearch

import (
	"html"
	"strings"
	"testing"
)

func TestCompleted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, text, want string }{
		{"lap hp", "HP Laptop 15", "HP Lap<em>top 15</em>"},
		{"hp note", "hp elitebook notebook", "hp <em>elitebook</em> note<em>book</em>"},
		{"canon", "Canon", "Canon"},
		{"can", `<b>Canon</b> & "Co"`, `<em>&lt;b&gt;</em>Can<em>on&lt;/b&gt; &amp; &#34;Co&#34;</em>`},
		{"cafe", "Café crème", "Café <em>crème</em>"},
		{"café", "CAFE\u0301S", "CAFE\u0301<em>S</em>"},
		{"pat pa", "patch pad", "pat<em>ch</em> pa<em>d</em>"},
		{"tripp-li", "Tripp Lite", "Tripp Li<em>te</em>"},
		{"zzz", "Tripp  Lite ", "<em>Tripp  Lite</em> "},
		{"hp", "", ""},
	} {
		if got := completed(typedWords(c.typed), c.text); got != c.want {
			t.Errorf("%q in %q: %q, want %q", c.typed, c.text, got, c.want)
		}
	}
	misspelt := []typedWord{{text: "noteboik", meant: []string{"notebo"}}, {text: "hp"}}
	if got := completed(misspelt, "hp notebook"); got != "hp <em>notebook</em>" {
		t.Errorf("a misspelt word: %q", got)
	}
}

func TestFits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed, text string
		want        bool
	}{
		{"lap hp", "HP laptop", true}, {"lap hp", "HP tablet", false}, {"cre", "Café crème", true}, {"15.6", `15.6"`, true},
		{"top", "laptop", false}, {"li tripp", "Tripp Lite", true}, {"", "x", true}, {"x", "", false},
	} {
		if got := fits(typedWords(c.typed), c.text); got != c.want {
			t.Errorf("%q in %q: %t", c.typed, c.text, got)
		}
	}
	if !fits([]typedWord{{text: "noteboik", meant: []string{"notebo"}}}, "hp notebook") {
		t.Error("what is meant does not fit")
	}
}

func TestTypedWordsAreFew(t *testing.T) {
	t.Parallel()
	if got := typedWords(strings.Repeat("a B b Á ", 100)); len(got) != 2 || got[0].text != "a" || got[1].text != "b" {
		t.Errorf("%v", got)
	}
	if got := typedWords("a b c d e f g h i j k l m n o p"); len(got) != mostTyped {
		t.Errorf("%d words", len(got))
	}
}

// What is marked is the text, escaped, whatever was typed.
func FuzzCompleted(f *testing.F) {
	f.Add("lap hp", "HP Laptop <15>")
	f.Add("İ\u0301", "i\u0307İ ß \xff x")
	f.Fuzz(func(t *testing.T, typed, text string) {
		got := completed(typedWords(typed), text)
		plain := strings.NewReplacer("<em>", "", "</em>", "").Replace(got)
		if html.UnescapeString(plain) != html.UnescapeString(html.EscapeString(text)) || strings.Contains(got, "<em></em>") {
			t.Errorf("%q in %q: %q", typed, text, got)
		}
	})
}

// Accents are not heeded in Latin script; in others a mark makes another letter.
func TestFoldKeepsLettersOfOtherScripts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"Café": "cafe", "Ångström": "angstrom", "Чайник": "чайник", "ガラス": "ガラス", "한국": "한국", "नीति": "नीति"} {
		if got := fold(text); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}
