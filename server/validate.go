package server

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"i80.dk/sighej/wire"
)

const (
	maxSessionTTLSeconds = 7 * 24 * 60 * 60
	minInterestKeyLen    = 32

	maxSightingWindow = 15 * 60 // an older sighting counts for nothing anyway
	minAdminTokenLen  = 16
)

// Fault is what is wrong with one setting. It never bears the value of one that
// may hold a secret.
type Fault struct {
	Setting string // as in the environment: REDIS_URL
	Message string
}

// OptionsError lists everything that is wrong with the settings.
type OptionsError struct{ Faults []Fault }

// FlagOf returns the command line's spelling of a setting, with its dashes.
func FlagOf(setting string) string {
	return "--" + strings.ReplaceAll(strings.ToLower(setting), "_", "-")
}

// Error names each faulty setting in both spellings, one a line.
func (e *OptionsError) Error() string {
	var b strings.Builder
	b.WriteString("these settings are wrong:")
	if len(e.Faults) == 1 {
		b.Reset()
		b.WriteString("this setting is wrong:")
	}
	for _, f := range e.Faults {
		fmt.Fprintf(&b, "\n  %s (%s): %s", f.Setting, FlagOf(f.Setting), f.Message)
	}
	return b.String()
}

// faults collects what is wrong.
type faults []Fault

func (f *faults) add(setting, format string, args ...any) {
	*f = append(*f, Fault{setting, fmt.Sprintf(format, args...)})
}

// Validate returns nil or an *[OptionsError] with every fault. It opens nothing:
// whether a file or a server is there shows at start.
func (o Options) Validate() error {
	var f faults
	f.stores(o)
	f.sessions(o)
	f.matches(o)
	f.listeners(o)
	f.cluster(o)
	f.origins(o.AllowedOrigins)
	f.proxies(o.TrustedProxies)
	f.limits(o)
	f.tracing(o)
	f.logging(o)
	if len(f) == 0 {
		return nil
	}
	return &OptionsError{Faults: f}
}

func (f *faults) stores(o Options) {
	if o.RedisURL != "" {
		f.redis(o.RedisURL)
	}
	if o.DatabaseURL != "" {
		f.database(o.DatabaseURL)
	}
	if strings.TrimSpace(o.DataDir) == "" {
		f.add("DATA_DIR", "must name a directory")
	}
}

func (f *faults) redis(text string) {
	const setting = "REDIS_URL"
	scheme, rest, _ := strings.Cut(text, "://")
	switch scheme {
	case "redis+sentinel":
		f.sentinel(rest)
	case "redis", "rediss":
		if u, err := url.Parse(text); err != nil || u.Hostname() == "" {
			f.add(setting, "must be like %s://user:password@host:6379/0", scheme)
		}
	case "unix":
		if u, err := url.Parse(text); err != nil || u.Path == "" {
			f.add(setting, "must be like unix:///path/to/redis.sock")
		}
	default:
		f.add(setting, "must begin with redis://, rediss://, unix:// or redis+sentinel://")
	}
}

// sentinel checks what follows redis+sentinel://. It is no URL of the standard
// kind, since it names several hosts.
func (f *faults) sentinel(rest string) {
	authority, master, _ := strings.Cut(rest, "/")
	hosts := authority[strings.LastIndexByte(authority, '@')+1:]
	master, _, _ = strings.Cut(master, "?")
	for host := range strings.SplitSeq(hosts, ",") {
		if name, _, ok := splitHostPort(host); !ok || name == "" || master == "" {
			f.add("REDIS_URL", "must be like redis+sentinel://host:26379,host:26379/master")
			return
		}
	}
}

func (f *faults) database(text string) {
	const setting = "DATABASE_URL"
	u, err := url.Parse(text)
	if err != nil {
		f.add(setting, "is no URL; special characters of a password are written as %%40 and the like")
		return
	}
	kind, _, _ := strings.Cut(u.Scheme, "+")
	if kind != "postgres" && kind != "postgresql" || u.Opaque != "" {
		f.add(setting, "must begin with postgres:// or postgresql://")
	}
}

func (f *faults) sessions(o Options) {
	if o.SessionTTLSeconds < 1 || o.SessionTTLSeconds > maxSessionTTLSeconds {
		f.add("SESSION_TTL_SECONDS", "must be from 1 to %d, not %d", maxSessionTTLSeconds, o.SessionTTLSeconds)
	}
	f.oneOf("AUTH", o.Auth, AuthBearer, AuthBeacon)
	f.oneOf("INTERESTS", o.Interests, InterestsOpen, InterestsCatalogue)
	if o.InterestKey != "" && len(o.InterestKey) < minInterestKeyLen {
		f.add("INTEREST_KEY", "must have at least %d characters", minInterestKeyLen)
	}
}

func (f *faults) matches(o Options) {
	f.oneOf("MATCH_POLICY", o.MatchPolicy, PolicyOneSided, PolicyMutual)
	f.oneOf("NUDGE", o.Nudge, NudgeOpen, NudgeBlind)
	if o.SightingWindow < 1 || o.SightingWindow > maxSightingWindow {
		f.add("SIGHTING_WINDOW", "must be from 1 to %d, not %d", maxSightingWindow, o.SightingWindow)
	}
	if o.RSSIFloor < wire.MinRSSI || o.RSSIFloor > 0 {
		f.add("RSSI_FLOOR", "must be from %d to -1, or 0 for none, not %d", wire.MinRSSI, o.RSSIFloor)
	}
}

func (f *faults) oneOf(setting, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		f.add(setting, "must be %s", strings.Join(allowed, " or "))
	}
}

func (f *faults) listeners(o Options) {
	f.address("LISTEN_ADDR", o.ListenAddr)
	adminHost, _, ok := f.address("ADMIN_LISTEN_ADDR", o.AdminListenAddr)
	if ok && o.AdminToken == "" && !loopbackHost(adminHost) {
		f.add("ADMIN_LISTEN_ADDR", "is reachable beyond loopback and needs an ADMIN_TOKEN (%s)", FlagOf("ADMIN_TOKEN"))
	}
	if ok && o.AdminListenAddr == o.ListenAddr && !strings.HasSuffix(o.ListenAddr, ":0") {
		f.add("ADMIN_LISTEN_ADDR", "must differ from LISTEN_ADDR")
	}
	if o.AdminToken != "" && !bearable(o.AdminToken) {
		f.add("ADMIN_TOKEN", "must have at least %d characters, all of visible ASCII", minAdminTokenLen)
	}
}

func (f *faults) cluster(o Options) {
	f.clusterTLS(o)
	f.oneOf("CLUSTER_INSECURE", o.ClusterInsecure, "true", "false")
	if !o.Clustered() {
		if o.ClusterAdvertiseAddr != "" {
			f.add("CLUSTER_ADVERTISE_ADDR", "needs a CLUSTER_LISTEN_ADDR (%s)", FlagOf("CLUSTER_LISTEN_ADDR"))
		}
		return
	}
	const setting = "CLUSTER_LISTEN_ADDR"
	if o.RedisURL == "" {
		f.add(setting, "needs a REDIS_URL (%s): that is where the members find each other", FlagOf("REDIS_URL"))
	}
	if o.InterestKey == "" {
		f.add(setting, "needs an INTEREST_KEY (%s), the same on every member", FlagOf("INTEREST_KEY"))
	}
	host, _, ok := f.address(setting, o.ClusterListenAddr)
	if ok && !loopbackHost(host) && o.ClusterTLSCA == "" && o.ClusterInsecure != "true" {
		f.add(setting, "is reachable beyond loopback and needs CLUSTER_TLS_CA, CLUSTER_TLS_CERT and CLUSTER_TLS_KEY, or CLUSTER_INSECURE=true")
	}
	if o.ClusterAdvertiseAddr != "" {
		advertised, port, ok := f.address("CLUSTER_ADVERTISE_ADDR", o.ClusterAdvertiseAddr)
		if ok && (port == 0 || everywhere(advertised)) {
			f.add("CLUSTER_ADVERTISE_ADDR", "must be one address with a port, that the other members can dial")
		}
	} else if ok && everywhere(host) {
		f.add(setting, "listens on all addresses, so CLUSTER_ADVERTISE_ADDR (%s) must name the one to dial", FlagOf("CLUSTER_ADVERTISE_ADDR"))
	}
}

func (f *faults) clusterTLS(o Options) {
	files := []struct{ setting, file string }{
		{"CLUSTER_TLS_CA", o.ClusterTLSCA}, {"CLUSTER_TLS_CERT", o.ClusterTLSCert}, {"CLUSTER_TLS_KEY", o.ClusterTLSKey},
	}
	some := o.ClusterTLSCA != "" || o.ClusterTLSCert != "" || o.ClusterTLSKey != ""
	for _, x := range files {
		if some && x.file == "" {
			f.add(x.setting, "is missing: the three CLUSTER_TLS_ settings go together")
		}
	}
}

// everywhere reports whether a host stands for all addresses of a machine.
func everywhere(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

func (f *faults) address(setting, address string) (host string, port uint16, ok bool) {
	host, port, ok = splitHostPort(address)
	if !ok {
		f.add(setting, "must be host:port, such as 127.0.0.1:8000")
	}
	return host, port, ok
}

func splitHostPort(address string) (host string, port uint16, ok bool) {
	host, text, err := net.SplitHostPort(address)
	if err != nil || strings.ContainsAny(host, " \t/@") {
		return "", 0, false
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return host, uint16(n), err == nil
}

func loopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// bearable reports whether s can travel in an Authorization header and is no
// quick guess.
func bearable(s string) bool {
	return len(s) >= minAdminTokenLen && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func (f *faults) origins(text string) {
	for i, origin := range list(text) {
		if origin == "*" {
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Hostname() == "" || origin != u.Scheme+"://"+u.Host {
			f.add("ALLOWED_ORIGINS", "entry %d must be like https://app.example:8443, without a path or a slash at its end", i+1)
		}
	}
}

func (f *faults) proxies(text string) {
	for i, s := range list(text) {
		if _, ok := parseNetwork(s); !ok {
			f.add("TRUSTED_PROXIES", "entry %d must be like 10.0.0.7, 10.0.0.0/8 or fd00::/8", i+1)
		}
	}
}

func parseNetwork(s string) (netip.Prefix, bool) {
	if ip, err := netip.ParseAddr(s); err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}

func (f *faults) limits(o Options) {
	for _, limit := range []struct {
		setting string
		n       int
	}{
		{"REGISTRATIONS_PER_MINUTE", o.RegistrationsPerMinute},
		{"REGISTRATIONS_BURST", o.RegistrationsBurst},
		{"FAILURES_PER_MINUTE", o.FailuresPerMinute},
		{"FAILURES_BURST", o.FailuresBurst},
		{"SIGHTINGS_PER_SECOND", o.SightingsPerSecond},
		{"SIGHTINGS_BURST", o.SightingsBurst},
		{"MATCHES_PER_HOUR", o.MatchesPerHour},
		{"MAX_SHARED_LABELS", o.MaxSharedLabels},
		{"MAX_CONNECTIONS", o.MaxConnections},
		{"STATS_FLOOR", o.StatsFloor},
	} {
		if limit.n < 0 {
			f.add(limit.setting, "must be 0 (off) or more, not %d", limit.n)
		}
	}
}

func (f *faults) tracing(o Options) {
	if o.OTLPEndpoint != "" {
		u, err := url.Parse(o.OTLPEndpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" {
			f.add("OTEL_EXPORTER_OTLP_ENDPOINT", "must be like http://localhost:4318")
		}
	}
	if ratio, err := strconv.ParseFloat(o.TraceRatio, 64); err != nil || !(ratio >= 0 && ratio <= 1) {
		f.add("OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1")
	}
}

func (f *faults) logging(o Options) {
	f.oneOf("LOG_LEVEL", o.LogLevel, "debug", "info", "warn", "error")
	f.oneOf("LOG_FORMAT", o.LogFormat, LogAuto, LogText, LogJSON)
}

// level returns the level of LOG_LEVEL, info for one that is not valid.
func (o Options) level() slog.Level {
	var l slog.Level
	if err := l.UnmarshalText([]byte(cmp.Or(o.LogLevel, "info"))); err != nil {
		return slog.LevelInfo
	}
	return l
}
