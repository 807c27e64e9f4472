package report

import (
	"math"
	"testing"
)

func TestQuantity(t *testing.T) {
	for _, tt := range []struct {
		v    float64
		unit string
		want string
	}{
		{0, "", "0"},
		{7, "", "7"},
		{12345, "", "12,345"},
		{-1234567, "", "-1,234,567"},
		{0.5, "", "0.500"},
		{99.96, "", "100"},
		{9.999, "", "10.0"},
		{1e18, "", "1e+18"},
		{12345.678, "1/s", "12,346 /s"},
		{2.5, "1/s", "2.50 /s"},
		{0, "ms", "0 ms"},
		{0.0004, "ms", "0.400 µs"},
		{0.85, "ms", "850 µs"},
		{0.9999, "ms", "1.00 ms"},
		{12.34, "ms", "12.3 ms"},
		{999.4, "ms", "999 ms"},
		{999.7, "ms", "1.00 s"},
		{61234, "ms", "61.2 s"},
		{0.0125, "s", "12.5 ms"},
		{3600, "s", "3,600 s"},
		{0, "bytes", "0 B"},
		{512, "bytes", "512 B"},
		{21430, "bytes", "20.9 KiB"},
		{1023.9 * 1024, "bytes", "1.00 MiB"},
		{181 << 20, "bytes", "181 MiB"},
		{8 << 30, "bytes", "8.00 GiB"},
		{-3 << 20, "bytes", "-3.00 MiB"},
		{0.8, "%", "0.80 %"},
		{100, "%", "100 %"},
		{0.08, "cores", "0.08 cores"},
		{math.Inf(1), "ms", "– s"},
		{math.NaN(), "", "–"},
		{4, "phones", "4 phones"},
	} {
		if got := quantity(tt.v, tt.unit); got != tt.want {
			t.Errorf("quantity(%v, %q) = %q, want %q", tt.v, tt.unit, got, tt.want)
		}
	}
}

func TestInterval(t *testing.T) {
	for _, tt := range []struct {
		low, high float64
		unit      string
		want      string
	}{
		{1.1, 1.4, "ms", "1.10–1.40 ms"},
		{0.9, 1.4, "ms", "900 µs–1.40 ms"},
		{5, 5, "ms", "5.00 ms"},
		{1200, 3400, "", "1,200–3,400"},
	} {
		if got := interval(tt.low, tt.high, tt.unit); got != tt.want {
			t.Errorf("interval(%v, %v, %q) = %q, want %q", tt.low, tt.high, tt.unit, got, tt.want)
		}
	}
}

func TestPlainLeavesNothingForTheTerminalToObey(t *testing.T) {
	if got, want := plain("a\x1b[2Jb\r\n\u202ec\tÅ ✓"), "a·[2Jb···c·Å ✓"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
