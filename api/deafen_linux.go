package api

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// deafen lets a listener hear of nobody who wants to connect from now on, while
// those who have begun still get through and are accepted. A listener that is
// simply closed resets the connections that the kernel has made and nobody has
// accepted yet, and requests that were sent on them are lost. A client that
// knocks now hears nothing, knocks again by itself a second later, and is
// refused then.
//
// It is a packet filter on the socket. It sees packets from the TCP header on,
// whose flags are byte 13; what asks for a connection has SYN and not ACK.
func deafen(listener net.Listener) error {
	const flags, syn, ack = 13, 0x02, 0x10
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: flags},
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: syn | ack},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: syn, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
		{Code: unix.BPF_RET | unix.BPF_K, K: 1<<32 - 1},
	}
	err := withSocket(listener, func(fd int) error {
		return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
			&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
	})
	if err != nil {
		return fmt.Errorf("filter what reaches the listener: %w", err)
	}
	return nil
}

// knocking is how many connections wait to be accepted.
func knocking(listener net.Listener) (n int, err error) {
	err = withSocket(listener, func(fd int) error {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil {
			n = int(info.Unacked) // so it is for a socket that listens
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look at the listener's queue: %w", err)
	}
	return n, nil
}

func withSocket(listener net.Listener, do func(fd int) error) error {
	socket, ok := listener.(syscall.Conn)
	if !ok {
		return errors.New("this listener is no socket")
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	return errors.Join(raw.Control(func(fd uintptr) { failed = do(int(fd)) }), failed)
}
