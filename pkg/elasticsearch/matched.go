package elasticsearch

import (
	"encoding/json"
	"fmt"
)

// matched are the named clauses that a hit matches, with what each gave where the
// scores were asked for.
type matched map[string]float64

// UnmarshalJSON reads the two forms that Elasticsearch answers in: a list of
// names, and names with scores.
func (of *matched) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '{' {
		return json.Unmarshal(text, (*map[string]float64)(of))
	}
	var names []string
	if err := json.Unmarshal(text, &names); err != nil {
		return fmt.Errorf("read the clauses that matched: %w", err)
	}
	*of = matched{}
	for _, name := range names {
		(*of)[name] = 0
	}
	return nil
}

func (h hit) matched(clause string) bool {
	_, ok := h.Matched[clause]
	return ok
}
