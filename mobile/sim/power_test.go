package sim

import (
	"math"
	"testing"
)

// The formula is the one that a medium's table holds.
func TestPowerAt(t *testing.T) {
	c := DefaultConfig()
	r := newRadio(c)
	for _, metres := range []float64{0, 0.05, 0.1, 0.5, 1, 3, 10, 19} {
		if got, want := c.PowerAt(metres), float64(r.powerAt(metres*metres)); math.Abs(got-want) > 0.15 {
			t.Errorf("%g m: %g dBm, the table says %g", metres, got, want)
		}
	}
}
