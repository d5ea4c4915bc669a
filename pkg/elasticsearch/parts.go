package elasticsearch

import (
	"strconv"
	"strings"

	"aforro/pkg/search"
)

// aliasOf names the alias of a part.
func aliasOf(prefix string, part search.Part) string { return prefix + "-" + string(part) }

// index names the index of one part of a version, which goes by the name of its
// products: "aforro-titles-000001" is a part of "aforro-products-000001".
func (c *Client) index(version string, part search.Part) string {
	return aliasOf(c.prefix, part) + strings.TrimPrefix(version, c.alias)
}

// indices names the indices of a version.
func (c *Client) indices(version string) []string {
	var names []string
	for _, part := range search.Parts {
		names = append(names, c.index(version, part))
	}
	return names
}

// patterns match the indices of all versions, and others.
func (c *Client) patterns() []string { return c.indices(c.alias + "-*") }

// version names the version that an index is a part of.
func (c *Client) version(index string) (string, bool) {
	for _, part := range search.Parts {
		digits, ok := strings.CutPrefix(index, aliasOf(c.prefix, part)+"-")
		if _, err := strconv.Atoi(digits); ok && err == nil {
			return c.alias + "-" + digits, true
		}
	}
	return "", false
}

// number is the version's number in its name.
func (c *Client) number(version string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(version, c.alias+"-"))
	if err != nil {
		return 0
	}
	return n
}

// writeAlias is the only name under which an index is written. A bulk to an
// index that is gone would make it anew, with guessed mappings; one that asks
// for an alias fails.
func writeAlias(index string) string { return index + "-write" }

// writeAliases are those of a version.
func (c *Client) writeAliases(version string) []string {
	var names []string
	for _, index := range c.indices(version) {
		names = append(names, writeAlias(index))
	}
	return names
}
