package cluster_test

import (
	"path/filepath"
	"testing"
	"time"

	"i80.dk/sighej/cluster"
)

func TestInspectTLS(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	dir, other := authority(t, "10.0.0.7", "member-1.example"), authority(t, "member-1.example")
	now := time.Now()
	for _, tc := range []struct {
		name, ca, host string
		at             time.Time
		accepted       bool
	}{
		{"a name", dir, "member-1.example", now, true},
		{"an address", dir, "10.0.0.7", now, true},
		{"another host", dir, "member-2.example", now, false},
		{"another authority", other, "member-1.example", now, false},
		{"a year later", dir, "member-1.example", now.Add(366 * day), false},
	} {
		file := tc.host
		if tc.host == "member-2.example" {
			file = "member-1.example"
		}
		pair := filepath.Join(dir, file)
		c, err := cluster.InspectTLS(filepath.Join(tc.ca, "ca.crt"), pair+".crt", pair+".key", tc.host, tc.at)
		if err != nil {
			t.Fatal(tc.name, err)
		}
		if (c.Fault == nil) != tc.accepted {
			t.Errorf("%s: %v", tc.name, c.Fault)
		}
		if left := c.Until.Sub(now); left < 364*day || left > 366*day {
			t.Errorf("%s: it ends in %v", tc.name, left)
		}
	}
	if _, err := cluster.InspectTLS(filepath.Join(dir, "ca.crt"), filepath.Join(dir, "10.0.0.7.crt"), filepath.Join(dir, "member-1.example.key"), "10.0.0.7", now); err == nil {
		t.Error("the key of another certificate is taken")
	}
}
