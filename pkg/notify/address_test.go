package notify_test

import (
	"net/netip"
	"strings"
	"testing"

	"aforro/pkg/fault"
	"aforro/pkg/notify"
)

func TestOnlyPublicAddressesAreCalled(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "100.63.255.255": true, "100.128.0.1": true, "172.15.0.1": true, "172.32.0.1": true,
		"2606:4700:4700::1111": true, "2a00:1450:4001:81b::200e": true, "::ffff:8.8.8.8": true,

		"127.0.0.1": false, "127.255.255.254": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.0.1": false,
		"172.31.255.255": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "100.127.255.255": false,
		"192.0.0.1": false, "192.0.2.1": false, "192.88.99.1": false, "198.18.0.1": false, "198.19.255.255": false, "198.51.100.7": false,
		"203.0.113.7": false, "224.0.0.1": false, "239.255.255.255": false, "240.0.0.1": false, "255.255.255.255": false,

		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false,
		"fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "fc00::1": false, "fd12:3456::1": false, "ff02::1": false,
		"64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001::1": false, "2001:db8::1": false, "3fff::1": false, "100::1": false,
	} {
		if got := notify.Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: public is %v, want %v", text, got, want)
		}
	}
	if notify.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	const public, private, never = "public", "private", "never"
	for url, allowed := range map[string]string{
		"https://example.com": public, "https://example.com:8443/hooks?key=a%20b": public, "https://xn--bcher-kva.example/": public,
		"https://8.8.8.8/": public, "https://[2606:4700:4700::1111]:443/": public, "https://3com.example/": public, "https://1.example/": public,

		"http://example.com/": private, "https://127.0.0.1/": private, "https://10.1.2.3:8080/": private, "https://[::1]/": private,
		"https://[::ffff:127.0.0.1]/": private, "https://[fd00::1]/": private, "https://169.254.169.254/latest/": private,
		"https://localhost/": private, "https://LOCALHOST./": private, "https://a.localhost/": private, "http://localhost:9000": private,

		// Other forms of 127.0.0.1: decimal, octal, hexadecimal, short.
		"https://2130706433/": never, "https://0177.0.0.1/": never, "https://0x7f000001/": never, "https://0x7f.1/": never,
		"https://127.1/": never, "https://127.0.0.01/": never, "https://017700000001/": never, "https://127.0.0.1./": never, "https://0x/": never,

		"": never, "example.com/hooks": never, "//example.com": never, "https://": never, "https:example.com": never, "https:///x": never,
		"ftp://example.com/": never, "file:///etc/passwd": never, "javascript:alert(1)": never, "gopher://example.com/": never,
		"https://user:password@example.com/": never, "https://user@example.com/": never, "https://example.com/#x": never,
		"https://[fe80::1%25eth0]/": never, "https://example.com:0/": never, "https://example.com:99999/": never, "https://example.com:https/": never,
		"https://exa mple.com/": never, "https://example.com/\r\nHost: x": never, "https://example.com/\x00": never, "https://[::1": never,
		"https://example.com/" + strings.Repeat("a", 1981): never, "https://example.com/" + strings.Repeat("a", 1980): public,
	} {
		for _, lax := range []bool{false, true} {
			err := notify.CheckURL(url, lax)
			want := allowed == public || (allowed == private && lax)
			if (err == nil) != want {
				t.Errorf("%.60q, private allowed %v: %v", url, lax, err)
			}
			if err != nil && (!fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "password@")) {
				t.Errorf("%.60q is refused with %v", url, err)
			}
		}
	}
}
