package stack

import (
	"maps"
	"slices"
	"strings"
)

// merged is base with the overrides on top.
func merged(base, overrides map[string]string) map[string]string {
	all := maps.Clone(base)
	maps.Copy(all, overrides)
	return all
}

// render writes settings one a line, sorted by key, with the separator between key and value.
func render(settings map[string]string, separator string, quote func(string) string) string {
	var out strings.Builder
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		out.WriteString(key + separator + quote(settings[key]) + "\n")
	}
	return out.String()
}

// quotePostgres quotes a value for postgresql.conf.
func quotePostgres(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// quoteDouble quotes a value for redis.conf and elasticsearch.yml: both read the same escapes.
func quoteDouble(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}
