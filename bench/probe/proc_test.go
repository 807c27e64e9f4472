package probe

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const someStat = "4711 (sighej) S 1 4711 4711 0 -1 4194560 2843 0 5 0 1234 66 7 8 20 0 9 0 987654 1258291200 3021 18446744073709551615 1 1 0 0 0 0 0 0 2143420159 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

func TestParseStat(t *testing.T) {
	renamed := func(name string) string { return strings.Replace(someStat, "sighej", name, 1) }
	for _, c := range []struct {
		about, text string
		want        stat
	}{
		{"plain", someStat, stat{name: "sighej", cpu: 13, started: 987654}},
		{"a zombie", strings.Replace(someStat, " S ", " Z ", 1), stat{name: "sighej", ended: true, cpu: 13, started: 987654}},
		{"a blank in the name", renamed("my server"), stat{name: "my server", cpu: 13, started: 987654}},
		{"the name looks like fields", renamed(") Z 1 (x) 2"), stat{name: ") Z 1 (x) 2", cpu: 13, started: 987654}},
		{"no name", renamed(""), stat{name: "", cpu: 13, started: 987654}},
	} {
		if got, err := parseStat(c.text); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.about, got, err, c.want)
		}
	}
	for _, text := range []string{"", "4711", ")(", "4711 (x) S 1 2", strings.Replace(someStat, "1234", "-1", 1), strings.Replace(someStat, "987654", "x", 1)} {
		if got, err := parseStat(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// Whatever a process calls itself, its figures are its own.
func TestNoNameChangesTheFigures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := stat{
			name:    rapid.OneOf(rapid.String(), rapid.StringMatching(`[ ()0-9SZ\n]{0,15}`)).Draw(t, "name"),
			started: rapid.Uint64().Draw(t, "started"),
		}
		user, system := rapid.Uint32().Draw(t, "user"), rapid.Uint32().Draw(t, "system")
		want.cpu = (float64(user) + float64(system)) / 100
		text := fmt.Sprintf("1 (%s) R 1 1 1 0 -1 0 0 0 0 0 %d %d 0 0 20 0 1 0 %d 0 0", want.name, user, system, want.started)
		if got, err := parseStat(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	})
}

func FuzzParseStat(f *testing.F) {
	f.Add(someStat)
	f.Add("1 (a) b) Z 1")
	f.Add(")(")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseStat(text)
		if err == nil && (!strings.Contains(text, "("+s.name+")") || s.cpu < 0 || math.IsNaN(s.cpu)) {
			t.Errorf("%+v", s)
		}
	})
}

func TestParseHost(t *testing.T) {
	const text = "cpu  1000 200 300 40000 500 60 7 80 90 10\ncpu0 1 2 3 4 5 6 7 8 9 10\ncpu1 1 2 3 4 5 6 7 8 9 10\nintr 12345 0 0\nctxt 1\n"
	want := Host{Cores: 2, Busy: 15.67, Steal: 0.8}
	if got, err := parseHost([]byte(text)); err != nil || math.Abs(got.Busy-want.Busy) > 1e-9 || got.Steal != want.Steal || got.Cores != want.Cores {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	long := text + "intr" + strings.Repeat(" 0", 200_000)
	if got, err := parseHost([]byte(long)); err != nil || got.Cores != 2 {
		t.Errorf("with a line as machines of many interrupts have: %+v, %v", got, err)
	}
	if got, err := parseHost([]byte("cpu 1 2 3\n")); err == nil {
		t.Errorf("a line that breaks off: %+v", got)
	}
}

func TestParseSize(t *testing.T) {
	const text = "MemTotal:        8123456 kB\nMemFree:              1 kB\nHugePages_Total:       3\nBroken: x kB\n"
	for name, want := range map[string]int64{"MemTotal": 8123456 << 10, "MemFree": 1 << 10, "HugePages_Total": 0, "Broken": 0, "Mem": 0, "": 0} {
		if got, err := parseSize([]byte(text), name); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v; want %d", name, got, err, want)
		}
	}
}

func TestParseResident(t *testing.T) {
	if got, err := parseResident("307200 3021 1500 2 0 9000 0\n"); got != 3021 || err != nil {
		t.Error(got, err)
	}
	for _, text := range []string{"", "1", "1 x"} {
		if _, err := parseResident(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestParseModel(t *testing.T) {
	for text, want := range map[string]string{
		"processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU @ 2.00GHz: fast\n": "Some CPU @ 2.00GHz: fast",
		"processor\t: 0\ncpu\t\t: POWER9, altivec supported\n":                    "POWER9, altivec supported",
		"processor\t: 0\nCPU part\t: 0xd0c\n\nModel\t\t: Some Board Rev 1.4\n":    "Some Board Rev 1.4",
		"processor\t: 0\nCPU part\t: 0xd0c\n":                                     "",
		"":                                                                        "",
	} {
		if got := parseModel([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
