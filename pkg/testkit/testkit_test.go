//go:build integration

package testkit

import (
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"
)

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	a, b := Conn(t, Postgres(t)), Conn(t, Postgres(t))
	if _, err := a.Exec(t.Context(), "INSERT INTO stores (name, city, latitude, longitude) VALUES ('A', 'Pune', 18.5, 73.9)"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := b.QueryRow(t.Context(), "SELECT count(*) FROM stores").Scan(&n); err != nil || n != 0 {
		t.Errorf("the other database has %d stores, %v", n, err)
	}
}

func TestEachTestHasARedisOfItsOwn(t *testing.T) {
	t.Parallel()
	a, b := Redis(t), Redis(t)
	if a == b {
		t.Fatalf("both got %s", a)
	}
	RedisClient(t, a).Set(t.Context(), "k", "v", time.Minute)
	if n := RedisClient(t, b).DBSize(t.Context()).Val(); n != 0 {
		t.Errorf("the other database has %d keys", n)
	}
}

func TestProxyTakesAServiceAwayAndBack(t *testing.T) {
	t.Parallel()
	node, _ := Elasticsearch(t)
	u, err := url.Parse(node)
	if err != nil {
		t.Fatal(err)
	}
	p := NewProxy(t, u.Host)
	client := &http.Client{Timeout: 300 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
	answers := func() bool {
		resp, err := client.Get("http://" + p.Addr)
		if err != nil {
			return false
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return err == nil && resp.Body.Close() == nil
	}
	Eventually(t, 5*time.Second, "the proxy passes", answers)
	p.Cut()
	if answers() {
		t.Error("it answers while cut")
	}
	p.Heal()
	Eventually(t, 5*time.Second, "it answers once healed", answers)
	p.Mute()
	if answers() {
		t.Error("it answers while mute")
	}
	p.Heal()
	Eventually(t, 5*time.Second, "it answers again", answers)
}
