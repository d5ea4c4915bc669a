package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRenderedConfigurations(t *testing.T) {
	t.Parallel()
	inst := &instance{dir: "/data/x", port: 1234, password: "s3", settings: map[string]string{}}
	volatile := &instance{dir: "/data/x", port: 1234, volatile: true, settings: map[string]string{
		"max_connections": "7", "databases": "9", "cluster.name": `a "b" \`,
	}}
	for _, c := range []struct {
		name, got    string
		wanted, none []string
	}{
		{"postgres", renderPostgres(inst),
			[]string{"port = '1234'", "wal_level = 'logical'", "listen_addresses = '127.0.0.1'", "max_slot_wal_keep_size = '8GB'", "unix_socket_directories = ''"},
			[]string{"fsync"}},
		{"volatile postgres", renderPostgres(volatile), []string{"fsync = 'off'", "max_connections = '7'"}, []string{"max_connections = '200'"}},
		{"redis", renderRedis(inst),
			[]string{`save ""`, `port "1234"`, `requirepass "s3"`, `appendonly "yes"`, `maxmemory-policy "noeviction"`, `databases "512"`, `dir "/data/x/data"`}, nil},
		{"volatile redis", renderRedis(volatile), []string{`appendonly "no"`, `databases "9"`}, []string{`"512"`}},
		{"elasticsearch", renderElasticsearch(inst, 9301),
			[]string{`http.port: "1234"`, `transport.port: "9301"`, `path.data: "/data/x/data"`, `network.host: "127.0.0.1"`}, nil},
		{"elasticsearch with settings", renderElasticsearch(volatile, 1), []string{`cluster.name: "a \"b\" \\"`}, []string{`cluster.name: "aforro"`}},
	} {
		for _, line := range c.wanted {
			if !strings.Contains(c.got, line+"\n") {
				t.Errorf("%s: no line %s in\n%s", c.name, line, c.got)
			}
		}
		for _, text := range c.none {
			if strings.Contains(c.got, text) {
				t.Errorf("%s: %s should not be in\n%s", c.name, text, c.got)
			}
		}
	}
}

func TestQuotePostgres(t *testing.T) {
	t.Parallel()
	if got := quotePostgres(`it's`); got != `'it''s'` {
		t.Error(got)
	}
}

func TestElasticsearchCommand(t *testing.T) {
	t.Parallel()
	inst := &instance{dir: "/data/x"}
	cmd := elasticsearchServer{home: "/es", jdk: "/jdk", heap: "512m"}.command(inst)
	env := strings.Join(cmd.env, "\n")
	for _, wanted := range []string{"ES_JAVA_HOME=/jdk", "ES_JAVA_OPTS=-Xms512m -Xmx512m", "ES_PATH_CONF=/data/x/config", "CLI_NAME=server"} {
		if !strings.Contains(env, wanted) {
			t.Errorf("%s is not in the environment:\n%s", wanted, env)
		}
	}
	if cmd.args[0] != "/es/bin/elasticsearch-cli" {
		t.Errorf("it runs %v", cmd.args)
	}
}

func TestElasticsearchForgetsAHalfWrittenKeystore(t *testing.T) {
	t.Parallel()
	home, dir := t.TempDir(), t.TempDir()
	mustWrite(t, filepath.Join(home, "config", "jvm.options"), "-XX:+UseG1GC")
	mustWrite(t, filepath.Join(home, "config", "log4j2.properties"), "status = error")
	stale := filepath.Join(dir, "config", "elasticsearch.keystore.tmp")
	mustWrite(t, stale, "")
	inst := &instance{dir: dir, port: 1, runAs: account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}}
	if err := (elasticsearchServer{home: home, transport: new(int)}).prepare(t.Context(), inst); err != nil {
		t.Fatal(err)
	}
	if exists(stale) {
		t.Error("what a killed start left is still there")
	}
	if got := mustRead(t, filepath.Join(dir, "config", "jvm.options")); got != "-XX:+UseG1GC" {
		t.Error(got)
	}
}
