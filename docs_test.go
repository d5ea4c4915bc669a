package aforro_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aforro/pkg/config"
)

// mustDocuments reads every document for people: path to text.
func mustDocuments(t *testing.T) map[string]string {
	t.Helper()
	paths := []string{"README.md", "CHANGELOG.md"}
	for _, pattern := range []string{"docs/*.md", "docs/decisions/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	documents := map[string]string{}
	for _, path := range paths {
		documents[path] = mustRead(t, path)
	}
	return documents
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	codeSpan   = regexp.MustCompile("`[^`\n]+`")
	codeBlock  = regexp.MustCompile(`(?m)^(?:    |\t).*$`)
	linkTarget = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// code is what stands in a document as code: spans and indented blocks.
func code(text string) string {
	return strings.Join(append(codeSpan.FindAllString(text, -1), codeBlock.FindAllString(text, -1)...), "\n")
}

// each gives the first group of every match of pattern in text.
func each(pattern, text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// mustSources is the text of the Go files below the folders.
func mustSources(t *testing.T, folders ...string) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				all.WriteString(mustRead(t, path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func TestDocumentsLinkToWhatExists(t *testing.T) {
	t.Parallel()
	for path, text := range mustDocuments(t) {
		for _, m := range linkTarget.FindAllStringSubmatch(codeSpan.ReplaceAllString(text, ""), -1) {
			target, heading, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			full := filepath.Join(filepath.Dir(path), target)
			if target == "" {
				full = path
			}
			if _, err := os.Stat(full); err != nil {
				t.Errorf("%s links to %s, which is not there (docs/configuration.md: make generate)", path, m[1])
				continue
			}
			if heading != "" && !slices.Contains(headings(mustRead(t, full)), heading) {
				t.Errorf("%s links to %s, which has no such heading", path, m[1])
			}
		}
	}
}

// headings are the anchors that a document's headings make.
func headings(text string) []string {
	var anchors []string
	for _, title := range each(`(?m)^#+ (.*)$`, text) {
		plain := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(title), "")
		anchors = append(anchors, strings.ReplaceAll(plain, " ", "-"))
	}
	return anchors
}

func TestDocumentsNameWhatExists(t *testing.T) {
	t.Parallel()
	targets := each(`(?m)^([a-z][a-z-]*):`, mustRead(t, "Makefile"))
	commands := each(`Use:\s+"([a-z]+)`, mustSources(t, "cmd/aforro"))
	settings := []string{}
	for _, s := range config.Settings() {
		settings = append(settings, s.Env)
	}
	others := mustRead(t, "docker-compose.yml") + mustSources(t, "pkg/testkit", "pkg/crash")
	metrics := mustSources(t, "api", "indexer", "worker", "pkg")
	for path, text := range mustDocuments(t) {
		inCode := code(text)
		for _, target := range each(`(?m)(?:^|[\x60\s])make ([a-z][a-z-]*)`, inCode) {
			if !slices.Contains(targets, target) {
				t.Errorf("%s names make %s; the Makefile has no such target", path, target)
			}
		}
		for _, command := range each(`(?m)(?:^|[\x60\s/])aforro ([a-z]+)\b`, inCode) {
			if !slices.Contains(commands, command) {
				t.Errorf("%s names aforro %s; there is no such command", path, command)
			}
		}
		for _, name := range each(`(AFORRO_[A-Z_]*[A-Z])\b`, text) {
			if !slices.Contains(settings, name) && !strings.Contains(others, name) && !imageOf(name) {
				t.Errorf("%s names %s; there is no such setting", path, name)
			}
		}
		for _, name := range each(`\b(aforro_[a-z_]*[a-z])\b`, text) {
			short := strings.TrimPrefix(name, "aforro_indexer_")
			if !strings.Contains(metrics, `"`+name+`"`) && !strings.Contains(metrics, `"`+short+`"`) {
				t.Errorf("%s names %s; there is no such metric", path, name)
			}
		}
	}
}

// TestDocumentsNameTestsThatExist: a guarantee is worth the test behind it.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{}
	for _, f := range mustFiles(t) {
		if f.test {
			for _, name := range each(`(?m)^func (Test[A-Za-z0-9]+)\(`, mustRead(t, f.name)) {
				tests[name] = true
			}
		}
	}
	for path, text := range mustDocuments(t) {
		for _, name := range each(`\b(Test[A-Z][A-Za-z0-9]+)\b`, text) {
			if !tests[name] {
				t.Errorf("%s names %s; there is no such test", path, name)
			}
		}
	}
}

// TestEachGuaranteeOfOrdersHasItsTest: in the tables of docs/orders.md every
// row ends with what proves it.
func TestEachGuaranteeOfOrdersHasItsTest(t *testing.T) {
	t.Parallel()
	rows := 0
	for row := range strings.Lines(mustRead(t, "docs/orders.md")) {
		if !strings.HasPrefix(row, "| ") || strings.HasSuffix(row, "| test |\n") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|")
		if !strings.Contains(cells[len(cells)-1], "Test") {
			t.Errorf("no test backs: %s", row)
		}
	}
	if rows < 30 {
		t.Errorf("found only %d guarantees", rows)
	}
}

// imageOf reports whether the name is one that names a service's image.
func imageOf(name string) bool {
	return strings.HasPrefix(name, "AFORRO_TEST_") && strings.HasSuffix(name, "_IMAGE")
}

func TestOperationsNamesEveryMetric(t *testing.T) {
	t.Parallel()
	metrics := each(`Name:\s+"(aforro_[a-z_]*[a-z])"`, mustSources(t, "api", "indexer", "worker", "pkg"))
	for _, short := range each(`(?:counter|gauge|histogram)\("([a-z_]+)"`, mustSources(t, "indexer")) {
		metrics = append(metrics, "aforro_indexer_"+short)
	}
	if len(metrics) < 15 {
		t.Fatalf("found only %q", metrics)
	}
	page := mustRead(t, "docs/operations.md")
	for _, name := range metrics {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/operations.md does not name %s", name)
		}
	}
}
