package stack

import (
	"errors"
	"strings"
	"testing"
)

func TestMissingPackagesAreOneMessageWithTheCommand(t *testing.T) {
	t.Parallel()
	titles, packages := titlesAndPackages([]need{needPostgres, needMaven})
	err := missingError(titles, packages, true)
	want := "apt-get install -y --no-install-recommends postgresql maven ca-certificates"
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "PostgreSQL, Maven") {
		t.Error(err)
	}
	if err := missingError(titles, packages, false); !strings.Contains(err.Error(), "AFORRO_POSTGRES_URL") {
		t.Error(err)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)": "15", "postgres (PostgreSQL) 17beta1": "17", "nonsense": "",
	} {
		if got := parseMajor(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	home := t.TempDir()
	mustWrite(t, home+"/release", "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.15\"\n")
	if got := javaVersion(home); got != 17 {
		t.Error(got)
	}
	if got := javaVersion(t.TempDir()); got != 0 {
		t.Error(got)
	}
}

func TestCreateClusterIsTurnedOff(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"#create_main_cluster = true", "create_main_cluster = true", "# create_main_cluster=true"} {
		got := createCluster.ReplaceAllString("# Debian\n"+line+"\n#start_conf = 'auto'\n", "create_main_cluster = false")
		if got != "# Debian\ncreate_main_cluster = false\n#start_conf = 'auto'\n" {
			t.Errorf("%q: %q", line, got)
		}
	}
}
