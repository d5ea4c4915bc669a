// Command elasticdir prints the folder of the unpacked Elasticsearch, fetching it first where it is missing. The image
// build uses it, so that natively run and containerised Elasticsearch are the same files, fetched once.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"aforro/pkg/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	home, _, err := stack.ElasticsearchHome(ctx, stack.NewReporter(os.Stderr))
	if err != nil {
		fmt.Fprintln(os.Stderr, "elasticdir:", err)
		stop()
		os.Exit(1)
	}
	fmt.Println(home)
}
