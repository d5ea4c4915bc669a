//go:build !linux

package api

import (
	"errors"
	"net"
)

// deafen and knocking are known for Linux only.
func deafen(net.Listener) error { return errors.ErrUnsupported }

func knocking(net.Listener) (int, error) { return 0, errors.ErrUnsupported }
