//go:build integration

package postgres_test

import (
	"testing"
	"time"

	"aforro/pkg/fault"
	"aforro/pkg/notify"
)

func TestEndpointsAreKept(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	ctx := t.Context()
	if list, err := c.Endpoints(ctx); err != nil || len(list) != 0 {
		t.Errorf("got %v %v", list, err)
	}
	added, err := c.AddEndpoint(ctx, "https://a.example/", "the accounts", c.secret())
	if err != nil || added.ID == 0 || added.URL != "https://a.example/" || added.Description != "the accounts" || time.Since(added.CreatedAt).Abs() > time.Minute || added.PreviousUntil != nil {
		t.Fatalf("got %+v %v", added, err)
	}
	if got, err := c.Endpoint(ctx, added.ID); err != nil || got != added {
		t.Errorf("got %+v %v", got, err)
	}
	url, text := "https://b.example/", "others"
	if got, err := c.ChangeEndpoint(ctx, added.ID, notify.Change{URL: &url}); err != nil || got.URL != url || got.Description != "the accounts" {
		t.Errorf("got %+v %v", got, err)
	}
	if got, err := c.ChangeEndpoint(ctx, added.ID, notify.Change{Description: &text}); err != nil || got.URL != url || got.Description != text {
		t.Errorf("got %+v %v", got, err)
	}
	if list, err := c.Endpoints(ctx); err != nil || len(list) != 1 || list[0].URL != url {
		t.Errorf("got %v %v", list, err)
	}
	if err := c.RemoveEndpoint(ctx, added.ID); err != nil {
		t.Error(err)
	}
	_, errRead := c.Endpoint(ctx, added.ID)
	_, errChange := c.ChangeEndpoint(ctx, added.ID, notify.Change{})
	_, errTarget := c.Target(ctx, added.ID)
	_, errRotate := c.RotateSecret(ctx, added.ID, c.secret())
	for what, err := range map[string]error{"read": errRead, "change": errChange, "target": errTarget, "rotate": errRotate, "remove": c.RemoveEndpoint(ctx, added.ID)} {
		if !fault.Is(err, fault.NotFound) || fault.MessageOf(err) != "there is no webhook endpoint 1" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestEndpointsAreBounded(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	for range notify.MaxEndpoints {
		c.endpoint()
	}
	if _, err := c.AddEndpoint(t.Context(), "https://a.example/", "", c.secret()); !fault.Is(err, fault.Conflict) {
		t.Errorf("one more: %v", err)
	}
}

// After a rotation the new secret signs, and the one before for a day.
func TestARotationKeepsTheSecretBeforeForADay(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	first, second, third := c.secret(), c.secret(), c.secret()
	added, err := c.AddEndpoint(t.Context(), "https://a.example/", "", first)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, want ...notify.Secret) {
		t.Helper()
		to, err := c.Target(t.Context(), added.ID)
		if err != nil || len(to.Secrets) != len(want) {
			t.Fatalf("%s: %d secrets, %v", what, len(to.Secrets), err)
		}
		for i, s := range want {
			if to.Secrets[i].Reveal() != s.Reveal() {
				t.Errorf("%s: secret %d is another", what, i)
			}
		}
	}
	check("at first", first)
	rotate := func(s notify.Secret) {
		t.Helper()
		until, err := c.RotateSecret(t.Context(), added.ID, s)
		e, readErr := c.Endpoint(t.Context(), added.ID)
		if err != nil || readErr != nil || (time.Until(until)-24*time.Hour).Abs() > time.Minute || e.PreviousUntil == nil || !e.PreviousUntil.Equal(until) {
			t.Errorf("until %s, %v; it says %+v, %v", until, err, e, readErr)
		}
	}
	rotate(second)
	check("rotated", second, first)
	rotate(third)
	check("rotated again", third, second)
	c.queue(c.decided(1).ID, 2)
	if taken := c.take(); len(taken) != 1 || len(taken[0].Target.Secrets) != 2 {
		t.Errorf("a delivery has %+v", taken)
	}
	c.exec(`UPDATE webhook_endpoints SET previous_until = now() - interval '1 second'`)
	check("a day later", third)
	c.hurry()
	if taken := c.take(); len(taken) != 1 || len(taken[0].Target.Secrets) != 1 {
		t.Errorf("a delivery has %+v", taken)
	}
	if e, err := c.Endpoint(t.Context(), added.ID); err != nil || e.PreviousUntil != nil {
		t.Errorf("got %+v %v", e, err)
	}
}

func TestAnEndpointGoesWithAllItsDeliveries(t *testing.T) {
	t.Parallel()
	c := newTold(t)
	id, other := c.endpoint(), c.endpoint()
	c.manyParked(id, 12_000)
	c.exec(`INSERT INTO confirmations (order_id, sequence, endpoint_id) VALUES (1, 2, $1)`, other)
	taken := c.take()
	if err := c.RemoveEndpoint(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	c.record(notify.Result{Delivered: true}, taken...) // what was on its way
	if n := c.number(`SELECT count(*) FROM confirmations`); n != 1 {
		t.Errorf("%d deliveries are left", n)
	}
	if list := c.mustList(other, notify.Delivered); len(list) != 1 {
		t.Errorf("the other has %+v", list)
	}
}
