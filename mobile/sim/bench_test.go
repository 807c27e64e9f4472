package sim_test

import (
	"fmt"
	"testing"

	"i80.dk/sighej/mobile/sim"
)

// BenchmarkStep is a tick of phones evenly spread, one on 4 m².
func BenchmarkStep(b *testing.B) {
	for _, n := range []int{2, 1000, 20_000} {
		b.Run(fmt.Sprintf("phones=%d", n), func(b *testing.B) {
			m, err := sim.NewMedium(sim.DefaultConfig(), 1)
			if err != nil {
				b.Fatal(err)
			}
			side := 2.0
			for int(side*side) < 4*n {
				side++
			}
			phones, heard := field(n, side), 0
			b.ReportAllocs()
			for b.Loop() {
				m.Step(phones, func(sim.Hearing) { heard++ })
			}
			b.ReportMetric(float64(heard)/float64(b.N), "hearings/step")
		})
	}
}
