package elasticsearch

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"aforro/pkg/search"
)

const (
	// firstAsk is how many titles are asked for at first: more than are shown,
	// as some are doubles.
	firstAsk = 4 * search.MaxSuggest
	// mostAsk is how far asking again goes before what is known must do.
	mostAsk = 8192
	// longestTitle is in characters; nothing begins with more.
	longestTitle = 500
)

// Suggest returns up to search.MaxSuggest titles for what was typed: those that
// begin with it before those that only contain it, in any case; within each
// group shorter first, then by title. Titles equal but for case are one.
// storeID 0 is any store. Fewer than search.MinSuggest characters give none.
func (c *Client) Suggest(ctx context.Context, typed string, storeID int64) ([]string, error) {
	typed = strings.TrimSpace(typed)
	if n := utf8.RuneCountInString(typed); n < search.MinSuggest || n > longestTitle {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	begin, err := c.beginning(ctx, typed, storeID)
	if err != nil || len(begin) >= search.MaxSuggest {
		return begin, notBuilt(err)
	}
	contain, err := c.containing(ctx, typed, storeID, begin)
	return append(begin, contain...), notBuilt(err)
}

// beginning asks the completion suggester, which gives shorter titles first.
// More is asked for while titles that were cut off could still belong to the
// best: doubles took their places, or ties in length are sorted by title here.
func (c *Client) beginning(ctx context.Context, typed string, storeID int64) ([]string, error) {
	for size := firstAsk; ; size *= 4 {
		found, err := c.complete(ctx, typed, storeID, size)
		if err != nil {
			return nil, err
		}
		titles := best(found)
		whole := len(found) < size || size >= mostAsk
		if whole || (len(titles) >= search.MaxSuggest && length(titles[search.MaxSuggest-1]) < length(found[len(found)-1])) {
			return titles[:min(len(titles), search.MaxSuggest)], nil
		}
	}
}

// complete gives titles as the suggester ranks them, doubles included.
func (c *Client) complete(ctx context.Context, typed string, storeID int64, size int) ([]string, error) {
	store := allStores
	if storeID != 0 {
		store = strconv.FormatInt(storeID, 10)
	}
	request := m{"_source": false, "suggest": m{"titles": m{"prefix": offered(typed), "completion": m{
		"field": "suggest", "size": size, "contexts": m{"store": []string{store}}}}}}
	var answer struct {
		Suggest struct {
			Titles []struct {
				Options []struct {
					Text string `json:"text"`
				} `json:"options"`
			} `json:"titles"`
		} `json:"suggest"`
	}
	onLive := esapi.SearchRequest{Index: c.liveTitles(), FilterPath: []string{"suggest.titles.options.text"}}
	if err := c.ask(ctx, "suggest titles", onLive, request, &answer); err != nil {
		return nil, err
	}
	var titles []string
	for _, t := range answer.Suggest.Titles {
		for _, o := range t.Options {
			titles = append(titles, o.Text)
		}
	}
	return titles, nil
}

// containing finds titles with the letters anywhere: the trigrams of what was
// typed, one after the other. What they find is checked, as a phrase of
// trigrams knows nothing of letters whose small form is longer.
func (c *Client) containing(ctx context.Context, typed string, storeID int64, known []string) ([]string, error) {
	where := []any{m{"match_phrase": m{"title.trigram": typed}}}
	if storeID != 0 {
		where = append(where, m{"term": m{"stores": storeID}})
	}
	lower := strings.ToLower(typed)
	for size := firstAsk; ; size *= 4 {
		request := m{
			"query": m{"bool": m{"filter": where, "must_not": m{"prefix": m{"title": lower}}}}, "size": size,
			"sort": []any{m{"title_length": "asc"}, m{"title": "asc"}}, "_source": []string{"title"}, "track_total_hits": false,
		}
		answer, err := c.post(ctx, esapi.SearchRequest{Index: c.liveTitles(), FilterPath: []string{"hits.hits._source.title"}}, request)
		if err != nil {
			return nil, err
		}
		var found []string
		for _, h := range answer.Hits.Hits {
			if strings.Contains(strings.ToLower(h.Source.Title), lower) {
				found = append(found, h.Source.Title)
			}
		}
		titles := best(found, known...)
		whole := len(answer.Hits.Hits) < size || size >= mostAsk
		if room := search.MaxSuggest - len(known); whole || len(titles) > room {
			return titles[:min(len(titles), room)], nil
		}
	}
}

// best puts titles in order and drops doubles, and those that are known.
func best(titles []string, known ...string) []string {
	seen := make(map[string]bool, len(titles)+len(known))
	for _, t := range known {
		seen[strings.ToLower(t)] = true
	}
	sorted := slices.Clone(titles)
	slices.SortStableFunc(sorted, func(a, b string) int {
		return cmp.Or(cmp.Compare(length(a), length(b)), strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
	})
	return slices.DeleteFunc(sorted, func(t string) bool {
		lower := strings.ToLower(t)
		double := seen[lower]
		seen[lower] = true
		return double
	})
}

// offered is a text without the characters that the completion suggester keeps
// to itself, and refuses.
func offered(text string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 0, '\x1d', '\x1e', '\x1f':
			return ' '
		}
		return r
	}, text)
}

func length(title string) int { return utf8.RuneCountInString(title) }
