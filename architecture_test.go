package aforro_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// file is one Go file of the project: its folder and what it imports.
type file struct {
	dir, name string
	test      bool
	generated bool
	imports   []string
	doc       string
	lines     int
}

func mustFiles(t *testing.T) []file {
	t.Helper()
	var files []file
	err := filepath.WalkDir(".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (strings.HasPrefix(e.Name(), ".") && name != "." || e.Name() == "tools" || e.Name() == "bin") {
			return filepath.SkipDir
		}
		if !e.IsDir() && strings.HasSuffix(name, ".go") {
			files = append(files, mustParse(t, name))
		}
		return nil
	})
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	return files
}

func mustParse(t *testing.T, name string) file {
	t.Helper()
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, name, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	f := file{
		dir: path.Dir(filepath.ToSlash(name)), name: name, test: strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(parsed), doc: parsed.Doc.Text(), lines: fset.File(parsed.Pos()).LineCount(),
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		f.imports = append(f.imports, imported)
	}
	return f
}

// in reports whether dir is one of roots or below one.
func in(dir string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return dir == r || strings.HasPrefix(dir, r+"/") })
}

var (
	roles    = []string{"api", "indexer", "worker"}
	adapters = []string{"pkg/postgres", "pkg/elasticsearch", "pkg/queue", "pkg/cache", "pkg/webhook", "pkg/mail"}
	domain   = []string{"pkg/fault", "pkg/idempotency", "pkg/catalog", "pkg/inventory", "pkg/order", "pkg/notify", "pkg/search", "pkg/importer", "pkg/seed", "pkg/audit"}
	platform = []string{"pkg/config", "pkg/lifecycle", "pkg/telemetry", "pkg/auth", "pkg/crash"}
)

// embedded folders carry files and may be read by whoever needs them.
var embedded = []string{"migrations", "elastic", "demo"}

func TestImportsPointInwards(t *testing.T) {
	t.Parallel()
	for _, f := range mustFiles(t) {
		if f.test {
			continue
		}
		for _, imported := range f.imports {
			if why := forbidden(f.dir, imported); why != "" {
				t.Errorf("%s imports %s: %s", f.name, imported, why)
			}
		}
	}
}

func forbidden(dir, imported string) string {
	own, ours := strings.CutPrefix(imported, "aforro/")
	std := !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") && !ours
	switch {
	case ours && in(own, "cmd") && !(in(own, "cmd/internal") && in(dir, "cmd")):
		return "nothing imports a command"
	case ours && in(own, "pkg/testkit") && !in(dir, "pkg/testkit"):
		return "only tests import the test kit"
	case in(dir, domain...):
		if !std && !in(own, domain...) {
			return "the domain imports the standard library only"
		}
	case in(dir, roles...) && ours:
		if in(own, adapters...) || in(own, "pkg/stack") || (in(own, roles...) && !in(own, strings.SplitN(dir, "/", 2)[0])) {
			return "a role declares the interfaces it needs and cmd hands them in"
		}
	case in(dir, adapters...) && ours:
		if !in(own, domain...) && !in(own, platform...) && !in(own, embedded...) && !in(own, strings.Join(strings.Split(dir, "/")[:2], "/")) {
			return "an adapter imports the domain, never another adapter or a role"
		}
	case in(dir, platform...) && ours:
		if !in(own, platform...) {
			return "the platform knows no domain"
		}
	}
	return ""
}

// drivers names, for each driver, the only places that may import it.
var drivers = map[string][]string{
	"github.com/jackc/pgx/v5":              {"pkg/postgres", "pkg/testkit"},
	"github.com/jackc/pglogrepl":           {"pkg/postgres"},
	"github.com/pressly/goose/v3":          {"pkg/postgres"},
	"github.com/elastic/":                  {"pkg/elasticsearch"},
	"github.com/hibiken/asynq":             {"pkg/queue"},
	"github.com/redis/go-redis/v9":         {"pkg/queue", "pkg/cache", "pkg/testkit"},
	"github.com/go-redis/redis_rate/v10":   {"pkg/cache"},
	"github.com/gin-gonic/gin":             {"api", "cmd/bench"},
	"github.com/danielgtaylor/huma/v2":     {"api", "cmd/bench"},
	"github.com/maypok86/otter/v2":         {"api"},
	"github.com/spf13/cobra":               {"cmd"},
	"github.com/caarlos0/env/v11":          {"pkg/config"},
	"github.com/testcontainers/":           {"pkg/testkit"},
	"github.com/wneessen/go-mail":          {"pkg/mail"},
	"github.com/Shopify/toxiproxy/v2":      {"cmd/internal/trial"},
	"github.com/schollz/progressbar/v3":    {"pkg/stack", "cmd"},
	"github.com/prometheus/client_golang/": {"pkg/telemetry", "api", "indexer", "worker", "pkg/postgres", "pkg/elasticsearch", "pkg/queue", "pkg/cache", "cmd"},
}

func TestEachDriverHasItsPlace(t *testing.T) {
	t.Parallel()
	for _, f := range mustFiles(t) {
		for _, imported := range f.imports {
			for driver, places := range drivers {
				if strings.HasPrefix(imported, driver) && !f.test && !in(f.dir, places...) {
					t.Errorf("%s imports %s, which belongs to %s", f.name, imported, strings.Join(places, ", "))
				}
			}
		}
	}
}

func TestOnePackageCommentEach(t *testing.T) {
	t.Parallel()
	comments := map[string]int{}
	for _, f := range mustFiles(t) {
		if f.test || f.generated {
			continue
		}
		comments[f.dir] += 0
		if f.doc != "" {
			comments[f.dir]++
		}
	}
	for dir, n := range comments {
		if n != 1 && !in(dir, "pkg/postgres/db") {
			t.Errorf("%s has %d package comments; it wants one", dir, n)
		}
	}
}

func TestNoFileIsTooLong(t *testing.T) {
	t.Parallel()
	for _, f := range mustFiles(t) {
		if !f.generated && f.lines > 500 {
			t.Errorf("%s has %d lines; split it by noun", f.name, f.lines)
		}
	}
}
