package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"aforro/demo"
)

// titles are the titles of the demo catalogue, in file order.
func titles() ([]string, error) {
	plain, err := gzip.NewReader(bytes.NewReader(demo.Products))
	if err != nil {
		return nil, fmt.Errorf("read the demo catalogue: %w", err)
	}
	var list []string
	lines := bufio.NewReaderSize(plain, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var p struct{ Title string }
			if err := json.Unmarshal(line, &p); err != nil {
				return nil, fmt.Errorf("read the demo catalogue: %w", err)
			}
			list = append(list, p.Title)
		}
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the demo catalogue: %w", err)
		}
	}
}

// queries makes n different queries: one to three consecutive words of one
// title drawn at random by seed.
func queries(titles []string, n int, seed uint64) []string {
	rng := rand.New(rand.NewPCG(seed, 0))
	seen := map[string]bool{}
	var list []string
	for len(list) < n {
		words := strings.Fields(titles[rng.IntN(len(titles))])
		if len(words) == 0 {
			continue
		}
		from := rng.IntN(len(words))
		to := min(from+1+rng.IntN(3), len(words))
		if q := strings.Join(words[from:to], " "); !seen[q] {
			seen[q] = true
			list = append(list, q)
		}
	}
	return list
}
