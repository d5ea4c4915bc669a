package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func healthCommand() *cobra.Command {
	var live bool
	cmd := &cobra.Command{
		Use:   "health [api|indexer|worker]",
		Short: "Ask a running role whether it is ready",
		Long: `Ask the API (at AFORRO_HTTP_ADDR) or an indexer or worker that runs apart (at
AFORRO_PROBE_ADDR) whether it can work. Prints its answer; the exit code is 0
when it is ready and 1 when not. --live only asks whether the process lives.`,
		Example: `  aforro health
  aforro health indexer --probe-addr 127.0.0.1:8002
  aforro health --live`,
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"api", "indexer", "worker"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			addr := c.HTTPAddr
			if len(args) == 1 && args[0] != "api" {
				addr = c.ProbeAddr
			}
			path := "/readyz"
			if live {
				path = "/healthz"
			}
			return ask(cmd, "http://"+reachable(addr)+path)
		},
	}
	cmd.Flags().BoolVar(&live, "live", false, "ask whether it lives, not whether it is ready")
	return cmd
}

// reachable turns an address to listen on into one to call: 0.0.0.0 is here.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || (host != "" && (ip == nil || !ip.IsUnspecified())) {
		return addr
	}
	return net.JoinHostPort("127.0.0.1", port)
}

func ask(cmd *cobra.Command, url string) error {
	client := &http.Client{Timeout: 5 * time.Second}
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("nothing answers at %s: is it running?", url)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", url, err)
	}
	answer := strings.TrimSpace(string(body))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready (%d): %s", resp.StatusCode, answer)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), answer)
	return err
}
