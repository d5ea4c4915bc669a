package stack

import (
	"context"
	"fmt"
	"net"
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
