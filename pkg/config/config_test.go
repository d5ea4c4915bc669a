package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	c, err := load(map[string]string{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.SearchCache != time.Minute || c.HTTPAddr != "127.0.0.1:8000" || c.BulkSenders != 3 {
		t.Errorf("defaults were not applied: %+v", c)
	}
}

func TestFlagBeatsEnvironment(t *testing.T) {
	t.Parallel()
	c, err := load(map[string]string{"AFORRO_BULK_SIZE": "10"}, map[string]string{"AFORRO_BULK_SIZE": "20"}, nil)
	if err != nil || c.BulkSize != 20 {
		t.Errorf("got %d, %v", c.BulkSize, err)
	}
}

func TestEveryBadSettingIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	bad := map[string]string{
		"AFORRO_BULK_SIZE": "many", "AFORRO_SEARCH_CACHE": "soon", "AFORRO_LOG_LEVEL": "loud",
	}
	_, err := load(bad, nil, []string{"AFORRO_POSTGRES_URL"})
	mustName(t, err, "AFORRO_BULK_SIZE", "AFORRO_SEARCH_CACHE", "AFORRO_POSTGRES_URL", "AFORRO_LOG_LEVEL")

	wrong := map[string]string{
		"AFORRO_POSTGRES_URL": "mysql://root:secret@host/x", "AFORRO_ELASTICSEARCH_URL": "http://a:1,ftp://b",
		"AFORRO_REDIS_URL": "6379", "AFORRO_HTTP_ADDR": "8000", "AFORRO_INDEX_PREFIX": "Über",
		"AFORRO_STAFF_KEY": "short", "AFORRO_TRUSTED_PROXIES": "10.0.0.0/8,me", "AFORRO_LOG_LEVEL": "loud",
		"AFORRO_BULK_SENDERS": "99", "AFORRO_DECISION_WAIT": "1m", "AFORRO_BULKSIZE": "1",
		"AFORRO_SMTP_URL": "http://a:secret@b", "AFORRO_MAIL_FROM": "shop", "AFORRO_IMAGE_ORIGINS": "https://images.example.com/pictures",
	}
	_, err = load(wrong, nil, nil)
	for name := range wrong {
		mustName(t, err, name)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("a password is in the message: %v", err)
	}
}

// A mail server without a sender is noticed before anything is sent.
func TestEMailWantsASender(t *testing.T) {
	t.Parallel()
	_, err := load(map[string]string{"AFORRO_SMTP_URL": "smtp://shop:secret@mail"}, nil, nil)
	mustName(t, err, "AFORRO_MAIL_FROM")
	if _, err := load(map[string]string{"AFORRO_SMTP_URL": "smtp://mail", "AFORRO_MAIL_FROM": "Shop <shop@example.com>"}, nil, nil); err != nil {
		t.Error(err)
	}
}

func mustName(t *testing.T, err error, names ...string) {
	t.Helper()
	for _, name := range names {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	c := Config{
		PostgresURL: "postgres://u:hunter2@h/d?password=hunter2", ElasticsearchURL: "http://e:hunter2@h,http://f:hunter2@g",
		RedisURL: "redis://:hunter2@h:1", StaffKey: "hunter2", TokenSecret: "hunter2", CacheRedisURL: "redis://:hunter2@h:%zz",
		SMTPURL: "smtps://shop:hunter2@h:465",
	}
	for _, s := range Settings() {
		if v := s.Value(c); strings.Contains(v, "hunter2") {
			t.Errorf("%s shows its secret: %s", s.Env, v)
		}
	}
}

func TestEverySettingIsDescribed(t *testing.T) {
	t.Parallel()
	for _, s := range Settings() {
		if !strings.HasPrefix(s.Env, "AFORRO_") || s.Help == "" || !strings.HasSuffix(s.Help, ".") {
			t.Errorf("%+v wants a name and one sentence of help", s)
		}
		f := reflect.TypeOf(Config{}).Field(s.index)
		if (strings.Contains(f.Name, "Secret") || strings.Contains(f.Name, "Key")) && s.secret == "" {
			t.Errorf("%s is not marked as a secret", s.Env)
		}
	}
}
