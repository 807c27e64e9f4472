package doctor

import (
	"testing"
	"time"

	"i80.dk/sighej/persistence/pgstore"
	"i80.dk/sighej/persistence/redisstore"
)

// Versions that are too old cannot be had for a test.
func TestOldServers(t *testing.T) {
	for version, state := range map[string]State{"6.2.14": Fault, "7.0.15": OK, "8.4.0": OK, "": Fault} {
		var r Report
		r.redisKind(redisstore.Condition{Version: version, Role: "master"})
		if r[0].State != state {
			t.Errorf("Redis %q is %s", version, r[0].State)
		}
	}
	for version, state := range map[string]State{"12.9": Warning, "13.1": OK, "18beta1": OK, "18.0": OK} {
		var r Report
		r.postgresKind(pgstore.Condition{Version: version})
		if r[0].State != state {
			t.Errorf("PostgreSQL %q is %s", version, r[0].State)
		}
	}
	var r Report
	r.redisKind(redisstore.Condition{Version: "7.2.0", Role: "master", Sharded: true})
	if r.Count(Fault) != 1 {
		t.Errorf("Redis Cluster: %v", r)
	}
	r = nil
	r.redisPromises(redisstore.Condition{Eviction: "noeviction", AOF: true, AOFFault: true, Fsync: "always"})
	if r.Count(Fault) != 1 {
		t.Errorf("a full disk: %v", r)
	}
}

func TestRounded(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 999: "999ns", 1234 * time.Microsecond: "1.23ms", 123456 * time.Microsecond: "123ms", time.Hour: "1h0m0s",
	} {
		if got := rounded(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}
