package stack

import (
	"net"
	"testing"
)

func TestChoosePort(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp4", loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	})
	taken := listener.Addr().(*net.TCPAddr).Port
	other, err := choosePort(t.Context(), 0, taken)
	if err != nil || other == taken || other == 0 {
		t.Errorf("port %d, err %v; want a free one that is not %d", other, err, taken)
	}
	if again, err := choosePort(t.Context(), other); err != nil || again != other {
		t.Errorf("port %d, err %v; want the preferred %d", again, err, other)
	}
}

func TestAQuietPortIsFree(t *testing.T) {
	t.Parallel()
	port, err := QuietPort(t.Context())
	if err != nil || port < 1024 || port >= 32768 {
		t.Fatalf("port %d, err %v", port, err)
	}
	if again, err := choosePort(t.Context(), port); err != nil || again != port {
		t.Errorf("port %d, err %v; want %d", again, err, port)
	}
}
