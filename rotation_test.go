package sighej_test

import (
	"testing"
	"time"

	"i80.dk/sighej"
)

func TestHeardAs(t *testing.T) {
	now := time.Now()
	s := &sighej.Session{Token: "first-token"}
	rotated := sighej.Rotation{Token: "second-token", Former: "first-token", Until: now.Add(time.Minute)}
	again := sighej.Rotation{Token: "third-token", Former: "second-token", Until: now.Add(time.Minute)}
	for _, c := range []struct {
		token sighej.Token
		r     sighej.Rotation
		at    time.Time
		want  bool
	}{
		{"first-token", sighej.Rotation{}, now, true},
		{"second-token", sighej.Rotation{}, now, false},
		{"", sighej.Rotation{}, now, false},
		{"second-token", rotated, now, true},
		{"first-token", rotated, now, true},
		{"first-token", rotated, now.Add(time.Minute), false},
		{"first-token", again, now, false},
		{"second-token", again, now, true},
	} {
		if got := s.HeardAs(c.token, c.r, c.at); got != c.want {
			t.Errorf("heard as %q with %+v: %v", c.token, c.r, got)
		}
	}
}
