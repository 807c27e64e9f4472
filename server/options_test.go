package server_test

import (
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"i80.dk/sighej/server"
)

func TestDefaultsAreValid(t *testing.T) {
	o := server.DefaultOptions()
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	if o.TTL() != 2*time.Hour || o.Beacon() || o.CatalogueOnly() || len(o.Proxies()) != 0 {
		t.Errorf("defaults: %+v", o)
	}
	if got := o.Origins(); !slices.Equal(got, []string{"http://localhost:3000"}) {
		t.Errorf("origins: %q", got)
	}
}

func TestEnvExampleAgreesWithOptions(t *testing.T) {
	text, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		Value     string
		Commented bool
	}
	inFile := map[string]line{}
	for _, m := range regexp.MustCompile(`(?m)^(#?)([A-Z][A-Z_]*)=(.*)$`).FindAllStringSubmatch(string(text), -1) {
		if _, twice := inFile[m[2]]; twice {
			t.Errorf("%s stands twice in .env.example", m[2])
		}
		inFile[m[2]] = line{Value: m[3], Commented: m[1] == "#"}
	}
	for field := range reflect.TypeFor[server.Options]().Fields() {
		setting, want := field.Tag.Get("env"), field.Tag.Get("default")
		got, ok := inFile[setting]
		delete(inFile, setting)
		switch {
		case !ok:
			t.Errorf("%s is not in .env.example", setting)
		case got.Commented != (want == ""):
			t.Errorf("%s: commented out is %v, but its default is %q", setting, got.Commented, want)
		case !got.Commented && got.Value != want:
			t.Errorf("%s: .env.example has %q, the default is %q", setting, got.Value, want)
		}
	}
	for setting := range inFile {
		t.Errorf("%s is in .env.example and no setting", setting)
	}
	if !strings.HasSuffix(strings.SplitN(string(text), "=", 2)[0], "REDIS_URL") {
		t.Error("REDIS_URL is not the first setting of .env.example")
	}
}

func TestExamplesInEnvExampleAreValid(t *testing.T) {
	text, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	o := server.DefaultOptions()
	v := reflect.ValueOf(&o).Elem()
	for _, m := range regexp.MustCompile(`(?m)^#([A-Z][A-Z_]*)=(.*)$`).FindAllStringSubmatch(string(text), -1) {
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("env") == m[1] {
				v.Field(i).SetString(m[2])
			}
		}
	}
	if o.RedisURL == "" || o.DatabaseURL == "" {
		t.Fatal("the examples were not found")
	}
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateFaults(t *testing.T) {
	set := func(change func(*server.Options)) server.Options {
		o := server.DefaultOptions()
		change(&o)
		return o
	}
	redis := func(s string) server.Options { return set(func(o *server.Options) { o.RedisURL = s }) }
	database := func(s string) server.Options { return set(func(o *server.Options) { o.DatabaseURL = s }) }
	listen := func(s string) server.Options { return set(func(o *server.Options) { o.ListenAddr = s }) }
	admin := func(addr, token string) server.Options {
		return set(func(o *server.Options) { o.AdminListenAddr, o.AdminToken = addr, token })
	}
	origins := func(s string) server.Options { return set(func(o *server.Options) { o.AllowedOrigins = s }) }
	proxies := func(s string) server.Options { return set(func(o *server.Options) { o.TrustedProxies = s }) }
	among := func(change func(*server.Options)) server.Options {
		o := redis("redis://localhost:6379")
		o.ClusterListenAddr, o.InterestKey = "127.0.0.1:9000", strings.Repeat("k", 32)
		change(&o)
		return o
	}
	const token = "a-token-of-16-ch"
	for _, tc := range []struct {
		name   string
		o      server.Options
		faulty string // setting; "" is none
	}{
		{"redis", redis("redis://localhost:6379"), ""},
		{"redis with a database", redis("redis://u:p@[::1]:6379/3"), ""},
		{"redis over TLS", redis("rediss://cache.example:6380"), ""},
		{"redis over a unix socket", redis("unix:///run/redis.sock?db=1"), ""},
		{"sentinel", redis("redis+sentinel://:p,w@a:26379,b:26379,c:26379/cell-1"), ""},
		{"sentinel without a master", redis("redis+sentinel://a:26379,b:26379"), "REDIS_URL"},
		{"sentinel without a port", redis("redis+sentinel://a,b:26379/m"), "REDIS_URL"},
		{"redis without a host", redis("redis://"), "REDIS_URL"},
		{"redis with a bad port", redis("redis://host:port"), "REDIS_URL"},
		{"unix without a path", redis("unix://"), "REDIS_URL"},
		{"redis by another scheme", redis("http://localhost:6379"), "REDIS_URL"},
		{"redis without a scheme", redis("localhost:6379"), "REDIS_URL"},
		{"postgres", database("postgres://u:p@db:5432/sighej?sslmode=require"), ""},
		{"postgresql for asyncpg", database("postgresql+asyncpg://user:pass@localhost/sighej"), ""},
		{"postgres over a socket", database("postgres:///sighej?host=/run/postgresql"), ""},
		{"another database", database("mysql://db/sighej"), "DATABASE_URL"},
		{"database that is no URL", database("postgres://u:p%@db"), "DATABASE_URL"},
		{"database without slashes", database("postgres:db"), "DATABASE_URL"},
		{"no directory", set(func(o *server.Options) { o.DataDir = " " }), "DATA_DIR"},
		{"ttl 0", set(func(o *server.Options) { o.SessionTTLSeconds = 0 }), "SESSION_TTL_SECONDS"},
		{"ttl of a second", set(func(o *server.Options) { o.SessionTTLSeconds = 1 }), ""},
		{"ttl of a week", set(func(o *server.Options) { o.SessionTTLSeconds = 604800 }), ""},
		{"ttl of more", set(func(o *server.Options) { o.SessionTTLSeconds = 604801 }), "SESSION_TTL_SECONDS"},
		{"beacon", set(func(o *server.Options) { o.Auth = server.AuthBeacon }), ""},
		{"unknown auth", set(func(o *server.Options) { o.Auth = "Bearer" }), "AUTH"},
		{"catalogue", set(func(o *server.Options) { o.Interests = server.InterestsCatalogue }), ""},
		{"unknown interests", set(func(o *server.Options) { o.Interests = "" }), "INTERESTS"},
		{"short key", set(func(o *server.Options) { o.InterestKey = strings.Repeat("k", 31) }), "INTEREST_KEY"},
		{"long key", set(func(o *server.Options) { o.InterestKey = strings.Repeat("k", 32) }), ""},
		{"any address", listen("0.0.0.0:8000"), ""},
		{"any address, free port", listen(":0"), ""},
		{"a name", listen("localhost:http"), "LISTEN_ADDR"},
		{"no port", listen("127.0.0.1"), "LISTEN_ADDR"},
		{"a port too high", listen("127.0.0.1:65536"), "LISTEN_ADDR"},
		{"no address", listen(""), "LISTEN_ADDR"},
		{"admin on loopback", admin("[::1]:9000", ""), ""},
		{"admin on localhost", admin("localhost:9000", ""), ""},
		{"admin everywhere", admin(":9000", ""), "ADMIN_LISTEN_ADDR"},
		{"admin on a network", admin("10.0.0.7:9000", ""), "ADMIN_LISTEN_ADDR"},
		{"admin on a network with a token", admin("10.0.0.7:9000", token), ""},
		{"admin on the public address", admin("127.0.0.1:8000", ""), "ADMIN_LISTEN_ADDR"},
		{"admin without a port", admin("127.0.0.1", ""), "ADMIN_LISTEN_ADDR"},
		{"short admin token", admin("127.0.0.1:8001", token[1:]), "ADMIN_TOKEN"},
		{"admin token with a space", admin("127.0.0.1:8001", token+" x"), "ADMIN_TOKEN"},
		{"no origins", origins(""), ""},
		{"every origin", origins("*"), ""},
		{"origins", origins("https://app.example, http://localhost:3000,capacitor://localhost"), ""},
		{"origin with a slash", origins("https://app.example/"), "ALLOWED_ORIGINS"},
		{"origin without a scheme", origins("app.example"), "ALLOWED_ORIGINS"},
		{"origin with a user", origins("https://u@app.example"), "ALLOWED_ORIGINS"},
		{"origin with a query", origins("https://app.example?x"), "ALLOWED_ORIGINS"},
		{"proxies", proxies("10.0.0.7, fd00::/8"), ""},
		{"a proxy by name", proxies("proxy.example"), "TRUSTED_PROXIES"},
		{"a network too narrow", proxies("10.0.0.0/33"), "TRUSTED_PROXIES"},
		{"a cluster", among(func(*server.Options) {}), ""},
		{"a cluster without redis", among(func(o *server.Options) { o.RedisURL = "" }), "CLUSTER_LISTEN_ADDR"},
		{"a cluster without a key", among(func(o *server.Options) { o.InterestKey = "" }), "CLUSTER_LISTEN_ADDR"},
		{"a cluster without a port", among(func(o *server.Options) { o.ClusterListenAddr = "127.0.0.1" }), "CLUSTER_LISTEN_ADDR"},
		{"a cluster in the open", among(func(o *server.Options) { o.ClusterListenAddr = "10.0.0.7:9000" }), "CLUSTER_LISTEN_ADDR"},
		{"a cluster in the open, as wanted", among(func(o *server.Options) { o.ClusterListenAddr, o.ClusterInsecure = "10.0.0.7:9000", "true" }), ""},
		{"a cluster in the open with TLS", among(func(o *server.Options) {
			o.ClusterListenAddr, o.ClusterTLSCA, o.ClusterTLSCert, o.ClusterTLSKey = "10.0.0.7:9000", "ca", "cert", "key"
		}), ""},
		{"a certificate without an authority", among(func(o *server.Options) { o.ClusterTLSCert, o.ClusterTLSKey = "cert", "key" }), "CLUSTER_TLS_CA"},
		{"a cluster on all addresses", among(func(o *server.Options) { o.ClusterListenAddr, o.ClusterInsecure = ":9000", "true" }), "CLUSTER_LISTEN_ADDR"},
		{"a cluster on all addresses that tells one", among(func(o *server.Options) {
			o.ClusterListenAddr, o.ClusterInsecure, o.ClusterAdvertiseAddr = ":9000", "true", "member-1:9000"
		}), ""},
		{"an address to dial that is none", among(func(o *server.Options) { o.ClusterAdvertiseAddr = "0.0.0.0:9000" }), "CLUSTER_ADVERTISE_ADDR"},
		{"an address to dial without a cluster", set(func(o *server.Options) { o.ClusterAdvertiseAddr = "member-1:9000" }), "CLUSTER_ADVERTISE_ADDR"},
		{"maybe insecure", among(func(o *server.Options) { o.ClusterInsecure = "maybe" }), "CLUSTER_INSECURE"},
		{"limits off", set(func(o *server.Options) {
			o.RegistrationsPerMinute, o.RegistrationsBurst, o.SightingsPerSecond = 0, 0, 0
			o.SightingsBurst = 0
			o.MatchesPerHour = 0
			o.MaxConnections = 0
			o.MaxSharedLabels = 0
			o.FailuresPerMinute = 0
			o.FailuresBurst = 0
		}), ""},
		{"registrations", set(func(o *server.Options) { o.RegistrationsPerMinute = -1 }), "REGISTRATIONS_PER_MINUTE"},
		{"registrations at once", set(func(o *server.Options) { o.RegistrationsBurst = -1 }), "REGISTRATIONS_BURST"},
		{"failures", set(func(o *server.Options) { o.FailuresPerMinute = -1 }), "FAILURES_PER_MINUTE"},
		{"failures at once", set(func(o *server.Options) { o.FailuresBurst = -1 }), "FAILURES_BURST"},
		{"sightings", set(func(o *server.Options) { o.SightingsPerSecond = -1 }), "SIGHTINGS_PER_SECOND"},
		{"sightings at once", set(func(o *server.Options) { o.SightingsBurst = -1 }), "SIGHTINGS_BURST"},
		{"matches", set(func(o *server.Options) { o.MatchesPerHour = -1 }), "MATCHES_PER_HOUR"},
		{"mutual", set(func(o *server.Options) { o.MatchPolicy, o.SightingWindow, o.RSSIFloor = "mutual", 900, -127 }), ""},
		{"blind", set(func(o *server.Options) { o.Nudge = "blind" }), ""},
		{"another kind of nudge", set(func(o *server.Options) { o.Nudge = "deaf" }), "NUDGE"},
		{"another policy", set(func(o *server.Options) { o.MatchPolicy = "both" }), "MATCH_POLICY"},
		{"no window", set(func(o *server.Options) { o.SightingWindow = 0 }), "SIGHTING_WINDOW"},
		{"a long window", set(func(o *server.Options) { o.SightingWindow = 901 }), "SIGHTING_WINDOW"},
		{"a deep floor", set(func(o *server.Options) { o.RSSIFloor = -128 }), "RSSI_FLOOR"},
		{"a high floor", set(func(o *server.Options) { o.RSSIFloor = 1 }), "RSSI_FLOOR"},
		{"labels", set(func(o *server.Options) { o.MaxSharedLabels = -1 }), "MAX_SHARED_LABELS"},
		{"connections", set(func(o *server.Options) { o.MaxConnections = -1 }), "MAX_CONNECTIONS"},
		{"collector", set(func(o *server.Options) { o.OTLPEndpoint = "https://collector.example:4318/otlp" }), ""},
		{"collector by OTLP over gRPC", set(func(o *server.Options) { o.OTLPEndpoint = "grpc://localhost:4317" }), "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"collector without a scheme", set(func(o *server.Options) { o.OTLPEndpoint = "localhost:4318" }), "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"all is traced", set(func(o *server.Options) { o.TraceRatio = "1" }), ""},
		{"more than all", set(func(o *server.Options) { o.TraceRatio = "1.1" }), "OTEL_TRACES_SAMPLER_ARG"},
		{"no share", set(func(o *server.Options) { o.TraceRatio = "NaN" }), "OTEL_TRACES_SAMPLER_ARG"},
		{"level", set(func(o *server.Options) { o.LogLevel = "trace" }), "LOG_LEVEL"},
		{"format", set(func(o *server.Options) { o.LogFormat = "xml" }), "LOG_FORMAT"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.o.Validate()
			if tc.faulty == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e, ok := err.(*server.OptionsError) //nolint:errorlint // Validate promises this very type
			if !ok || len(e.Faults) != 1 || e.Faults[0].Setting != tc.faulty {
				t.Fatalf("want one fault of %s, got: %v", tc.faulty, err)
			}
			if name := fmt.Sprintf("%s (%s)", tc.faulty, server.FlagOf(tc.faulty)); !strings.Contains(err.Error(), name) {
				t.Errorf("%q is not in: %v", name, err)
			}
		})
	}
}

func TestValidateListsEveryFaultAndNoSecret(t *testing.T) {
	const secret = "s3cr3t"
	o := server.Options{
		RedisURL: "ftp://u:" + secret + "@h", DatabaseURL: "postgres://u:" + secret + "%@db", InterestKey: secret,
		ClusterListenAddr: secret, ClusterAdvertiseAddr: secret, ClusterTLSCert: secret, ClusterInsecure: secret,
		AdminToken: secret, ListenAddr: secret, AdminListenAddr: secret, AllowedOrigins: secret, TrustedProxies: secret,
		Auth: secret, Interests: secret, MatchPolicy: secret, Nudge: secret, RSSIFloor: 1, LogLevel: secret, LogFormat: secret, DataDir: "",
		OTLPEndpoint: secret, TraceRatio: secret,
		RegistrationsPerMinute: -1, RegistrationsBurst: -1, SightingsPerSecond: -1, SightingsBurst: -1,
		MatchesPerHour: -1, MaxSharedLabels: -1, MaxConnections: -1, FailuresPerMinute: -1, FailuresBurst: -1, StatsFloor: -1,
	}
	err := o.Validate()
	if err == nil {
		t.Fatal("no fault found")
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("a value shows: %v", err)
	}
	files := []string{"CATALOGUE", "CLUSTER_TLS_CERT"} // any text may name one
	for field := range reflect.TypeFor[server.Options]().Fields() {
		if setting := field.Tag.Get("env"); !slices.Contains(files, setting) && strings.Count(err.Error(), "\n  "+setting+" (") != 1 {
			t.Errorf("%s is not told once in: %v", setting, err)
		}
	}
}

func TestLists(t *testing.T) {
	o := server.Options{AllowedOrigins: " https://a.example ,,https://b.example,", TrustedProxies: "10.1.2.3/8, ::1 ,::ffff:192.0.2.1"}
	if diff := cmp.Diff([]string{"https://a.example", "https://b.example"}, o.Origins()); diff != "" {
		t.Error(diff)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("192.0.2.1/32")}
	if diff := cmp.Diff(want, o.Proxies(), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
}
