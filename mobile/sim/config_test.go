package sim_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej/mobile/sim"
)

func TestDefaultsAreValid(t *testing.T) {
	if err := sim.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateFaults(t *testing.T) {
	for name, change := range map[string]func(*sim.Config){
		"Tick":                    func(c *sim.Config) { c.Tick = 0 },
		"Power":                   func(c *sim.Config) { c.Power = 1 },
		"Exponent":                func(c *sim.Config) { c.Exponent = 0 },
		"Shadowing":               func(c *sim.Config) { c.Shadowing = -1 },
		"Correlation":             func(c *sim.Config) { c.Correlation = 0 },
		"Fading":                  func(c *sim.Config) { c.Fading = math.Inf(1) },
		"Loss":                    func(c *sim.Config) { c.Loss = 1.01 },
		"Sensitivity":             func(c *sim.Config) { c.Sensitivity = math.NaN() },
		"Foreground.Advertise":    func(c *sim.Config) { c.Foreground.Advertise = time.Millisecond },
		"Foreground.ScanWindow":   func(c *sim.Config) { c.Foreground.ScanWindow = -1 },
		"Background.ScanInterval": func(c *sim.Config) { c.Background.ScanInterval = 2 * time.Hour },
		"Background.ScanWindow":   func(c *sim.Config) { c.Background.ScanWindow = c.Background.ScanInterval + 1 },
	} {
		cfg := sim.DefaultConfig()
		change(&cfg)
		err := cfg.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), name+" must be from ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("a faulty %s: %v", name, err)
		}
	}
}

func TestValidateListsEveryFault(t *testing.T) {
	_, err := sim.NewMedium(sim.Config{}, 1)
	if err == nil {
		t.Fatal("the zero Config is accepted")
	}
	for _, name := range []string{"Tick", "Exponent", "Correlation", "Foreground.Advertise", "Background.Advertise", "Background.ScanInterval"} {
		if !strings.Contains(err.Error(), name+" must be") {
			t.Errorf("%s is not among the faults: %v", name, err)
		}
	}
}
