package main

import (
	"os"
	"os/exec"
	"testing"
)

// asAforro makes the test binary be aforro: what a test kills or ends with an
// exit code has to be a process of its own.
const asAforro = "AFORRO_TEST_AS_AFORRO"

func TestMain(m *testing.M) {
	if os.Getenv(asAforro) == "" {
		os.Exit(m.Run())
	}
	main()
}

// process is aforro with arguments, not started yet.
func process(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asAforro+"=yes")
	return cmd
}
