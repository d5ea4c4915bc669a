//go:build integration

package elasticsearch

import (
	"context"
	"errors"
	"testing"
	"time"
)

// The commonest values are known before anybody asks, spelt as products have them.
func TestCommonSpellingsAreLearnt(t *testing.T) {
	t.Parallel()
	s := MustShop(t)
	c := *s.Client
	c.labels = &labels{}
	now := time.Now()
	if !c.labels.old(now) || c.labels.old(now) {
		t.Error("what is not known is to be read, by one")
	}
	c.learn(t.Context())
	if c.labels.old(time.Now()) {
		t.Error("what was just read is old")
	}
	for of, want := range map[spelt]string{{"brand", "hp"}: "HP", {"category", "notebooks"}: "Notebooks"} {
		if got, ok := c.labels.get(of); !ok || got != want {
			t.Errorf("%+v is %q, %t", of, got, ok)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.learn(ctx)
	if got, _ := c.labels.get(spelt{"brand", "hp"}); got != "HP" {
		t.Errorf("after a failure it is %q", got)
	}
}

func TestLearntSpellingsGrowOld(t *testing.T) {
	t.Parallel()
	var l labels
	now := time.Now()
	l.learnt(nil, now, errors.New("away"))
	if l.old(now.Add(labelsFor - time.Second)) {
		t.Error("it is asked for again at once")
	}
	if !l.old(now.Add(labelsFor)) {
		t.Error("it is never asked for again")
	}
}
