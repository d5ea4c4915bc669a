package elastic

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestEveryRankingIsValid(t *testing.T) {
	t.Parallel()
	ids := RankingIDs()
	if !slices.Contains(ids, DefaultRanking) || len(ids) < 2 {
		t.Fatalf("there are %q", ids)
	}
	for _, id := range ids {
		if r, err := FindRanking(id); err != nil || r.ID() != id || r.About == "" {
			t.Errorf("%s: %+v, %v", id, r, err)
		}
	}
	if r, err := FindRanking(""); err != nil || r.ID() != DefaultRanking {
		t.Errorf("the default is %s, %v", r.ID(), err)
	}
	if _, err := FindRanking("../ranking"); err == nil || !strings.Contains(err.Error(), DefaultRanking) {
		t.Errorf("a ranking that there is not: %v", err)
	}
}

func TestABadRankingIsRefused(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("rankings/" + DefaultRanking + ".json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{`"kind"`, `"knid"`}, {`"coverage": 3`, `"coverage": -1`}, {`"coverage": 3`, `"coverage": 1e9`}, {`"title": 2`, `"title": 0.5`},
		{`"version": 2`, `"version": 0`}, {`"accessory": 0.`, `"accessory": 2.`}, {`{`, ``},
	} {
		broken := strings.Replace(string(text), c[0], c[1], 1)
		if broken == string(text) {
			t.Fatalf("%s is not in the file", c[0])
		}
		if r, err := ParseRanking([]byte(broken)); err == nil {
			t.Errorf("%s for %s was taken: %+v", c[1], c[0], r)
		}
	}
}
