package queue

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url, network, addr, user, password string
		db                                 int
		tls                                bool
	}{
		{url: "redis://localhost", network: "tcp", addr: "localhost:6379"},
		{url: "redis://h:7/3", network: "tcp", addr: "h:7", db: 3},
		{url: "redis://:se%2Fcret@h:7/3", network: "tcp", addr: "h:7", password: "se/cret", db: 3},
		{url: "rediss://me:secret@h:7", network: "tcp", addr: "h:7", user: "me", password: "secret", tls: true},
		{url: "unix:///run/redis.sock?db=2", network: "unix", addr: "/run/redis.sock", db: 2},
	}
	for _, tt := range tests {
		o, err := parse(tt.url)
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if o.Network != tt.network || o.Addr != tt.addr || o.Username != tt.user || o.Password != tt.password || o.DB != tt.db || (o.TLSConfig != nil) != tt.tls {
			t.Errorf("%s: got %s %s %s %d", tt.url, o.Network, o.Addr, o.Username, o.DB)
		}
	}
}

func TestParseNeverRepeatsThePassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://:hunter2@h", "redis://:hunter2@h/x", "redis://:hunter2@h:%zz", ""} {
		if _, err := parse(url); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v", url, err)
		}
	}
}
