package elasticsearch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	jsonfast "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"aforro/pkg/search"
)

// question is one search of several, and where its answer is to go.
type question struct {
	body m
	out  any
}

// askAll sends searches for one page at once. One that fails is asked again by
// itself, as every search is.
func (c *Client) askAll(ctx context.Context, doing string, p search.Params, questions ...question) error {
	bodies := make([]m, len(questions))
	for i, q := range questions {
		bodies[i] = q.body
	}
	lines, err := searchLines(m{"preference": preference(p), "allow_partial_search_results": false}, bodies)
	if err != nil {
		return fmt.Errorf("%s: write the request: %w", doing, err)
	}
	text, err := c.send(ctx, doing, esapi.MsearchRequest{Index: c.live(), Body: bytes.NewReader(lines), FilterPath: wordPartsOfAll})
	if err != nil {
		return err
	}
	var answers struct {
		Responses []jsontext.Value `json:"responses"`
	}
	if err := jsonfast.Unmarshal(text, &answers, lenient); err != nil {
		return fmt.Errorf("%s: read the answers: %w", doing, err)
	}
	if len(answers.Responses) != len(questions) {
		return fmt.Errorf("%s: %d answers to %d questions", doing, len(answers.Responses), len(questions))
	}
	for i, answer := range answers.Responses {
		var outcome struct {
			Status int `json:"status"`
		}
		if err := errors.Join(jsonfast.Unmarshal(answer, &outcome, lenient), jsonfast.Unmarshal(answer, questions[i].out, lenient)); err != nil {
			return fmt.Errorf("%s: read an answer: %w", doing, err)
		}
		if outcome.Status >= http.StatusMultipleChoices {
			alone := c.onLive(p)
			alone.FilterPath = wordParts
			if err := c.ask(ctx, doing, alone, questions[i].body, questions[i].out); err != nil {
				return err
			}
		}
	}
	return nil
}

// searchLines writes several searches, each behind the same head.
func searchLines(head m, bodies []m) (lines []byte, err error) {
	for _, body := range bodies {
		for _, line := range []m{head, body} {
			text, err := written(line)
			if err != nil {
				return nil, err
			}
			lines = append(append(lines, text...), '\n')
		}
	}
	return lines, nil
}
