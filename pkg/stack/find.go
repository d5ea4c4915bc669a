package stack

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// postgresMajor is the version that everything is tested with; another one is used only if this is not there.
	postgresMajor   = "15"
	minimumPostgres = 14
	minimumJava     = 17
)

// postgresPlaces are the folders that distributions put the programs of one major version into.
const postgresPlaces = "/usr/lib/postgresql/*/bin"

var errNotFound = errors.New("not found")

// findPostgres finds the programs for a data folder: of the version that made it, else of ours, else the newest.
func findPostgres(data string) (bin, major string, err error) {
	wanted := postgresMajor
	made, readErr := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if readErr == nil {
		wanted = strings.TrimSpace(string(made))
	}
	found := postgresPrograms()
	if bin, ok := found[wanted]; ok {
		return bin, wanted, nil
	}
	if readErr == nil {
		return "", "", fmt.Errorf("the data in %s was made by PostgreSQL %s, which is not installed", data, wanted)
	}
	best := 0
	for version := range found {
		if n, err := strconv.Atoi(version); err == nil && n >= minimumPostgres {
			best = max(best, n)
		}
	}
	if best == 0 {
		return "", "", fmt.Errorf("PostgreSQL %s: %w", postgresMajor, errNotFound)
	}
	major = strconv.Itoa(best)
	return found[major], major, nil
}

// postgresPrograms maps major versions to the folders of their programs.
func postgresPrograms() map[string]string {
	found := map[string]string{}
	places, err := filepath.Glob(postgresPlaces)
	if err != nil {
		return found // the pattern is a constant: it cannot be malformed
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		places = append(places, filepath.Dir(path))
	}
	for _, bin := range places {
		if !exists(bin, "initdb") || !exists(bin, "pg_isready") {
			continue
		}
		if out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output(); err == nil {
			found[parseMajor(string(out))] = bin
		}
	}
	return found
}

var majorPattern = regexp.MustCompile(`\) (\d+)`)

// parseMajor reads "postgres (PostgreSQL) 15.14 (Debian …)".
func parseMajor(version string) string {
	if match := majorPattern.FindStringSubmatch(version); match != nil {
		return match[1]
	}
	return ""
}

// findJDK finds a full JDK, new enough, that the service user can reach. Elasticsearch needs more than a JRE.
func findJDK(runAs account) (string, error) {
	for _, home := range javaHomes() {
		if exists(home, "bin", "javac") && javaVersion(home) >= minimumJava && runAs.reaches(filepath.Join(home, "bin")) {
			return home, nil
		}
	}
	return "", fmt.Errorf("JDK %d or newer: %w", minimumJava, errNotFound)
}

func javaHomes() []string {
	homes := []string{os.Getenv("ES_JAVA_HOME"), os.Getenv("JAVA_HOME")}
	if path, err := exec.LookPath("java"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(real)))
		}
	}
	if installed, err := filepath.Glob("/usr/lib/jvm/*"); err == nil {
		homes = append(homes, installed...)
	}
	return slices.DeleteFunc(homes, func(home string) bool { return home == "" })
}

var javaPattern = regexp.MustCompile(`(?m)^JAVA_VERSION="(\d+)`)

// javaVersion reads the major version from the JDK's release file; 0 when there is none.
func javaVersion(home string) int {
	content, err := os.ReadFile(filepath.Join(home, "release"))
	if err != nil {
		return 0
	}
	match := javaPattern.FindSubmatch(content)
	if match == nil {
		return 0
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return 0
	}
	return major
}
