package main

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestTheSharesAreAHundred(t *testing.T) {
	t.Parallel()
	sum := 0
	for _, k := range kinds {
		sum += k.share
	}
	if sum != 100 {
		t.Errorf("they are %d", sum)
	}
}

func TestTheSameSeedDrawsTheSameStatements(t *testing.T) {
	t.Parallel()
	one, other, third := rand.New(rand.NewPCG(7, 1)), rand.New(rand.NewPCG(7, 1)), rand.New(rand.NewPCG(8, 1))
	same := 0
	for range 200 {
		a, b, c := statement(one, []int64{1, 2}), statement(other, []int64{1, 2}), statement(third, []int64{1, 2})
		if a != b {
			t.Fatalf("%q and %q", a, b)
		}
		if a == c {
			same++
		}
	}
	if same > 20 {
		t.Errorf("another seed draws the same: %d of 200", same)
	}
}

// Writers leave the program's own products alone.
func TestWritersDrawProductsOfTheCatalogue(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	id := regexp.MustCompile(`\bid = (\d+)$|product_id = (\d+)$`)
	seen := 0
	for range 5000 {
		for _, m := range id.FindAllStringSubmatch(statement(rng, []int64{1}), -1) {
			n, err := strconv.Atoi(strings.Join(m[1:], ""))
			if seen++; err != nil || n < 1 || n > productCount {
				t.Errorf("drew product %q, %v", m, err)
			}
		}
	}
	if seen < 1000 {
		t.Errorf("only %d statements name a product", seen)
	}
}

func TestWritersMayMeetButNotErr(t *testing.T) {
	t.Parallel()
	log := "ERROR:  deadlock detected\nDETAIL:  Process 1\nFATAL:  terminating connection\nERROR:  syntax error at or near \"x\"\n" +
		"ERROR:  insert or update on table \"inventory\" violates foreign key constraint \"f\"\n"
	if got := complaints(log); len(got) != 1 || !strings.Contains(got[0], "syntax error") {
		t.Errorf("got %q", got)
	}
}
