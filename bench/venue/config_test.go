package venue_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej/bench/venue"
)

func TestDefaultsAreValid(t *testing.T) {
	if err := venue.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateFaults(t *testing.T) {
	for name, change := range map[string]func(*venue.Config){
		"People":            func(c *venue.Config) { c.People = 0 },
		"Width":             func(c *venue.Config) { c.Width = math.NaN() },
		"Height":            func(c *venue.Config) { c.Height = math.Inf(1) },
		"Hotspots":          func(c *venue.Config) { c.Hotspots = -1 },
		"Drawn":             func(c *venue.Config) { c.Drawn = 1.1 },
		"SlowestWalk":       func(c *venue.Config) { c.SlowestWalk = 0 },
		"FastestWalk":       func(c *venue.Config) { c.FastestWalk = 0.4 },
		"ShortestPause":     func(c *venue.Config) { c.ShortestPause = -1 },
		"LongestPause":      func(c *venue.Config) { c.LongestPause = time.Second },
		"Radio: Loss":       func(c *venue.Config) { c.Radio.Loss = 2 },
		"Background":        func(c *venue.Config) { c.Background = -0.1 },
		"IOS":               func(c *venue.Config) { c.IOS = 2 },
		"PocketLoss":        func(c *venue.Config) { c.PocketLoss = -1 },
		"Weakest":           func(c *venue.Config) { c.Weakest = 1 },
		"ReportAgain":       func(c *venue.Config) { c.ReportAgain = 25 * time.Hour },
		"Remembered":        func(c *venue.Config) { c.Remembered = 0 },
		"EncounterDistance": func(c *venue.Config) { c.EncounterDistance = 0 },
		"EncounterTime":     func(c *venue.Config) { c.EncounterTime = -time.Second },
	} {
		cfg := venue.DefaultConfig()
		change(&cfg)
		err := cfg.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), name+" must be ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("a faulty %s: %v", name, err)
		}
	}
}

func TestValidateListsEveryFault(t *testing.T) {
	_, err := venue.New(venue.Config{})
	if err == nil {
		t.Fatal("the zero Config is accepted")
	}
	for _, name := range []string{"People", "Width", "Height", "SlowestWalk", "Radio: Tick", "Remembered", "EncounterDistance"} {
		if !strings.Contains(err.Error(), name+" must be") {
			t.Errorf("%s is not among the faults: %v", name, err)
		}
	}
}
