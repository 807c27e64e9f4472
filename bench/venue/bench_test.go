package venue_test

import (
	"fmt"
	"testing"
	"time"

	"i80.dk/sighej/bench/probe"
	"i80.dk/sighej/bench/venue"
)

// BenchmarkCrowd is a festival from its sixth minute on: the rush of the start is
// over, when every phone reports all it hears. x-realtime is simulated time over
// the benchmark's own, x-core over the CPU time that it used: the one to look at
// while others use the machine.
func BenchmarkCrowd(b *testing.B) {
	for _, people := range []int{1000, 5000, 20_000} {
		b.Run(fmt.Sprintf("people=%d", people), func(b *testing.B) {
			cfg := venue.DefaultConfig()
			cfg.People = people
			crowd, err := venue.New(cfg)
			if err != nil {
				b.Fatal(err)
			}
			for crowd.Step().At < 5*time.Minute {
			}
			b.ReportAllocs()
			sightings, before := 0, probe.Self().CPU
			for b.Loop() {
				sightings += len(crowd.Step().Sightings)
			}
			simulated := float64(b.N) * cfg.Radio.Tick.Seconds()
			b.ReportMetric(simulated/b.Elapsed().Seconds(), "x-realtime")
			b.ReportMetric(simulated/(probe.Self().CPU-before), "x-core")
			b.ReportMetric(float64(sightings)/float64(b.N), "sightings/step")
		})
	}
}
