package auth

import (
	"strings"
	"testing"
)

func mustTokens(tb testing.TB, secret string) Tokens {
	tb.Helper()
	tokens, err := NewTokens(secret)
	if err != nil {
		tb.Fatal(err)
	}
	return tokens
}

func TestATokenOpensOneThing(t *testing.T) {
	t.Parallel()
	tokens := mustTokens(t, strings.Repeat("s", MinSecret))
	token := tokens.Make("order", 7)
	for _, c := range []struct {
		name, token, scope string
		id                 int64
		want               bool
	}{
		{"its own", token, "order", 7, true},
		{"another id", token, "order", 8, false},
		{"another scope", token, "reservation", 7, false},
		{"shortened", token[:len(token)-1], "order", 7, false},
		{"lengthened", token + "A", "order", 7, false},
		{"empty", "", "order", 7, false},
	} {
		if got := tokens.Check(c.token, c.scope, c.id); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	if other := mustTokens(t, strings.Repeat("t", MinSecret)); other.Check(token, "order", 7) {
		t.Error("another secret accepts the token")
	}
}

func TestAShortSecretIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := NewTokens(strings.Repeat("s", MinSecret-1)); err == nil {
		t.Error("a short secret was taken")
	}
}

func TestStaffKey(t *testing.T) {
	t.Parallel()
	open := NewStaff("a-staff-key-of-some-length")
	for header, want := range map[string]bool{
		"Bearer a-staff-key-of-some-length":  true,
		"bearer a-staff-key-of-some-length":  true,
		"Bearer  a-staff-key-of-some-length": true,
		"Bearer a-staff-key-of-some-lengtH":  false,
		"Basic a-staff-key-of-some-length":   false,
		"a-staff-key-of-some-length":         false,
		"Bearer ":                            false,
		"Bearer":                             false,
		"":                                   false,
	} {
		if got := open.Check(header); got != want {
			t.Errorf("%q: %t", header, got)
		}
	}
	for _, header := range []string{"", "Bearer", "Bearer "} {
		if (NewStaff("")).Check(header) {
			t.Errorf("%q opens a door without a key", header)
		}
	}
}
