package probe

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// line is a line of /proc/net/tcp as this machine would have it.
func line(at netip.AddrPort, state string, inode uint64) string {
	raw := at.Addr().AsSlice()
	text := ""
	for word := range slices.Chunk(raw, 4) {
		text += fmt.Sprintf("%08X", binary.NativeEndian.Uint32(word))
	}
	return fmt.Sprintf("   0: %s:%04X 00000000:0000 %s 00000000:00000000 00:00000000 00000000     0        0 %d 1 0000000000000000 100 0 0 10 0", text, at.Port(), state, inode)
}

func TestParseSocket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "IPv4")
		if rapid.Bool().Draw(t, "of IPv6") {
			raw = rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "IPv6")
		}
		addr, _ := netip.AddrFromSlice(raw)
		at, inode := netip.AddrPortFrom(addr, rapid.Uint16().Draw(t, "port")), rapid.Uint64().Draw(t, "inode")
		want := listening{netip.AddrPortFrom(addr.Unmap(), at.Port()), inode}
		if got, ok, err := parseSocket(line(at, "0A", inode)); err != nil || !ok || got != want {
			t.Errorf("%v %v %v, want %v", got, ok, err, want)
		}
		if _, ok, err := parseSocket(line(at, "01", inode)); err != nil || ok {
			t.Error("an established connection counts as listening:", ok, err)
		}
	})
	for _, bad := range []string{
		"", "0: 0100007F:1F90 00000000:0000 0A",
		"0: 0100007F 00000000:0000 0A 0 0 0 0 0 1", "0: 0100007:1F90 00000000:0000 0A 0 0 0 0 0 1", "0: 01007F:1F90 00000000:0000 0A 0 0 0 0 0 1",
		"0: 0100007F:11F90 00000000:0000 0A 0 0 0 0 0 1", "0: 0100007F:1F90 00000000:0000 0A 0 0 0 0 0 x",
	} {
		if got, ok, err := parseSocket(bad); err == nil || ok {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func FuzzParseSocket(f *testing.F) {
	f.Add(line(netip.MustParseAddrPort("127.0.0.1:8000"), "0A", 4711))
	f.Add(line(netip.MustParseAddrPort("[::1]:8000"), "0A", 4711))
	f.Add("0: : 0 0A 0 0 0 0 0 1")
	f.Fuzz(func(t *testing.T, text string) {
		if l, ok, err := parseSocket(text); ok && (err != nil || !l.at.IsValid()) {
			t.Errorf("%v %v", l, err)
		}
	})
}

func TestDialled(t *testing.T) {
	for base, want := range map[string]string{
		"http://127.0.0.1:8000":          "[127.0.0.1:8000]",
		"http://127.8.9.10:8000/prefix":  "[127.8.9.10:8000]",
		"http://[::1]:8000":              "[[::1]:8000]",
		"http://[::ffff:127.0.0.1]:8000": "[127.0.0.1:8000]",
		"http://localhost:8000":          "[127.0.0.1:8000 [::1]:8000]",
		"http://localhost":               "[127.0.0.1:80 [::1]:80]",
		"https://127.0.0.1":              "[127.0.0.1:443]",
		"http://10.0.0.1:8000":           "[]",
		"http://0.0.0.0:8000":            "[]",
		"http://sighej.example:8000":     "[]",
		"http://localhost.example":       "[]",
		"http://127.0.0.1:70000":         "error",
		"odd://127.0.0.1":                "error",
	} {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		at, err := dialled(u)
		got := fmt.Sprint(at)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %s (%v), want %s", base, got, err, want)
		}
	}
}

func TestReached(t *testing.T) {
	of := func(at string, inode uint64) listening { return listening{netip.MustParseAddrPort(at), inode} }
	very, all, all6 := of("127.0.0.1:80", 1), of("0.0.0.0:80", 2), of("[::]:80", 3)
	other := []listening{of("127.0.0.1:81", 8), of("127.0.0.2:80", 9), of("10.0.0.1:80", 10)}
	for _, c := range []struct {
		about string
		at    string
		from  []listening
		want  []uint64
	}{
		{"nobody", "127.0.0.1:80", nil, nil},
		{"the very address first", "127.0.0.1:80", []listening{all6, all, very}, []uint64{1}},
		{"all of IPv4 next", "127.0.0.1:80", []listening{all6, all}, []uint64{2}},
		{"all of both last", "127.0.0.1:80", []listening{all6}, []uint64{3}},
		{"several share a port", "127.0.0.1:80", []listening{very, of("127.0.0.1:80", 4)}, []uint64{1, 4}},
		{"IPv6 never reaches IPv4", "[::1]:80", []listening{all, very}, nil},
		{"IPv6", "[::1]:80", []listening{all6}, []uint64{3}},
	} {
		if got := reached(append(c.from, other...), netip.MustParseAddrPort(c.at)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.about, got, c.want)
		}
	}
}
