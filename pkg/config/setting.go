package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
)

// Setting describes one field of Config.
type Setting struct {
	Env, Flag, Default, Help, Type string
	check, secret                  string
	index                          int
}

// Settings lists every setting in the order of Config's fields.
func Settings() []Setting {
	t := reflect.TypeOf(Config{})
	list := make([]Setting, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		env := f.Tag.Get("env")
		list = append(list, Setting{
			Env:     env,
			Flag:    strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(env, "AFORRO_"), "_", "-")),
			Default: f.Tag.Get("envDefault"),
			Help:    f.Tag.Get("help"),
			Type:    typeName(f.Type),
			check:   f.Tag.Get("check"),
			secret:  f.Tag.Get("secret"),
			index:   i,
		})
	}
	return list
}

func typeName(t reflect.Type) string {
	switch t.String() {
	case "time.Duration":
		return "duration"
	case "[]string":
		return "list"
	case "int32":
		return "int"
	}
	return t.String()
}

// Value is the setting's effective value as text, secrets hidden.
func (s Setting) Value(c Config) string {
	v := fmt.Sprint(reflect.ValueOf(c).Field(s.index).Interface())
	if s.Type == "list" {
		v = strings.Trim(v, "[]")
	}
	switch {
	case v == "" || s.secret == "":
		return v
	case s.secret == "url":
		return hidePasswords(v)
	}
	return "(hidden)"
}

// hidePasswords replaces the password in each of the comma-separated URLs.
func hidePasswords(list string) string {
	parts := strings.Split(list, ",")
	for i, p := range parts {
		u, err := url.Parse(p)
		if err != nil {
			parts[i] = "(hidden: not a URL)"
			continue
		}
		q := u.Query()
		if q.Has("password") {
			q.Set("password", "xxxxx")
			u.RawQuery = q.Encode()
		}
		parts[i] = u.Redacted()
	}
	return strings.Join(parts, ",")
}

// Markdown is the table of settings for the documentation.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| variable | flag | type | default | meaning |\n|---|---|---|---|---|\n")
	for _, s := range Settings() {
		def := s.Default
		if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `--%s` | %s | %s | %s |\n", s.Env, s.Flag, s.Type, def, s.Help)
	}
	return b.String()
}
