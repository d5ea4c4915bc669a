package stack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
)

const loopback = "127.0.0.1"

// Usual ports, taken when nothing else listens there.
const (
	postgresPort      = 5432
	redisPort         = 6379
	elasticsearchPort = 9200
)

// choosePort is the first of the preferred ports that is free, else any free one. Zeros are passed over. The port is
// free now; whoever starts a service on it tries again with another one should it have been taken since.
func choosePort(ctx context.Context, preferred ...int) (int, error) {
	for _, port := range preferred {
		if port == 0 {
			continue
		}
		if free, err := listenOnce(ctx, port); err == nil {
			return free, nil
		}
	}
	port, err := listenOnce(ctx, 0)
	if err != nil {
		return 0, fmt.Errorf("finding a free port on %s: %w", loopback, err)
	}
	return port, nil
}

func listenOnce(ctx context.Context, port int) (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", address(port))
	if err != nil {
		return 0, err
	}
	port = listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

// QuietPort is a free port that the kernel never gives to a connection by itself, so that what is killed there can
// start there again.
func QuietPort(ctx context.Context) (int, error) {
	const localPorts, usual, span, tries = "/proc/sys/net/ipv4/ip_local_port_range", 32768, 8192, 100
	lowest := usual
	if content, err := os.ReadFile(localPorts); err == nil {
		if _, err := fmt.Sscan(string(content), &lowest); err != nil {
			return 0, fmt.Errorf("reading %s: %w", localPorts, err)
		}
	}
	if lowest <= span+1024 {
		lowest = usual
	}
	var err error
	for range tries {
		var port int
		if port, err = listenOnce(ctx, lowest-1-rand.IntN(span)); err == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("finding a quiet port on %s: %w", loopback, err)
}
