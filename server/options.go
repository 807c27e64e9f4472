package server

import (
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Options are the settings of one member. Each has one name in two spellings:
// REDIS_URL in the environment and in .env is --redis-url on the command line.
// The tags are read by kong and by [DefaultOptions]; .env.example lists the same
// settings with the same defaults.
//
// The zero value is not usable: start from [DefaultOptions]. A limit of 0 is
// off.
type Options struct {
	RedisURL    string `env:"REDIS_URL" group:"Stores" placeholder:"URL" help:"Redis that keeps the sessions: redis://, rediss:// (TLS), unix:// or redis+sentinel://host:port,host:port/master. Without one the sessions live in this process and end with it."`
	DatabaseURL string `env:"DATABASE_URL" group:"Stores" placeholder:"URL" help:"PostgreSQL that keeps the daily statistics: postgres:// or postgresql://, a driver such as +asyncpg in the scheme is ignored. Without one they live in SQLite under DATA_DIR."`
	DataDir     string `env:"DATA_DIR" group:"Stores" default:"./data" placeholder:"DIR" help:"Directory for what this member keeps on disk: statistics without a DATABASE_URL, interest.key without an INTEREST_KEY. Default: ${default}."`

	SessionTTLSeconds int    `env:"SESSION_TTL_SECONDS" group:"Sessions" default:"7200" placeholder:"N" help:"How long a session lives, in seconds, from 1 to 604800 (a week). Default: ${default}."`
	Auth              string `env:"AUTH" group:"Sessions" default:"bearer" placeholder:"MODE" help:"bearer: a session is opened by the access token that its phone got. beacon: by the token that everybody in range hears; for a lab only. Default: ${default}."`
	Interests         string `env:"INTERESTS" group:"Sessions" default:"open" placeholder:"MODE" help:"open: an interest that the catalogue lacks is accepted under the category other. catalogue: it is refused. Default: ${default}."`
	InterestKey       string `env:"INTEREST_KEY" group:"Sessions" placeholder:"SECRET" help:"Secret under which interests are hashed at rest: at least 32 characters, the same on every member. Without one a random key is kept in DATA_DIR/interest.key."`
	Catalogue         string `env:"CATALOGUE" group:"Sessions" placeholder:"FILE" help:"File with the catalogue of interests, instead of the one that is built in."`

	MatchPolicy    string `env:"MATCH_POLICY" group:"Matches" default:"one-sided" placeholder:"POLICY" help:"one-sided: a match is made when one of two phones reports the other. mutual: when both do, within SIGHTING_WINDOW. Default: ${default}."`
	SightingWindow int    `env:"SIGHTING_WINDOW" group:"Matches" default:"60" placeholder:"N" help:"With MATCH_POLICY=mutual: how far apart the two reports may be, in seconds, from 1 to 900. Default: ${default}."`
	RSSIFloor      int    `env:"RSSI_FLOOR" group:"Matches" default:"0" placeholder:"DBM" help:"Sightings weaker than this, in dBm, and those that do not tell their strength, count for nothing: from -127 to -1, or 0 for no floor. Default: ${default}."`

	Nudge string `env:"NUDGE" group:"Matches" default:"open" placeholder:"KIND" help:"open: a nudge names what the two share. blind: it says only that somebody is near, and names it once both have waved. Default: ${default}."`

	ListenAddr      string `env:"LISTEN_ADDR" group:"Listeners" default:"127.0.0.1:8000" placeholder:"HOST:PORT" help:"Where phones reach the API and the WebSocket; port 0 takes a free one. Default: ${default}."`
	AdminListenAddr string `env:"ADMIN_LISTEN_ADDR" group:"Listeners" default:"127.0.0.1:8001" placeholder:"HOST:PORT" help:"Where operators reach the dashboard, the statistics and the metrics. Beyond loopback it needs an ADMIN_TOKEN. Default: ${default}."`
	AdminToken      string `env:"ADMIN_TOKEN" group:"Listeners" placeholder:"SECRET" help:"Token of operators, as a bearer or to log in with, at least 16 characters. With it GET /stats also answers on the public listener."`
	AllowedOrigins  string `env:"ALLOWED_ORIGINS" group:"Listeners" default:"http://localhost:3000" placeholder:"ORIGIN,..." help:"Origins whose web pages may call the API, comma-separated; * allows every one. Default: ${default}."`
	TrustedProxies  string `env:"TRUSTED_PROXIES" group:"Listeners" placeholder:"CIDR,..." help:"Addresses or networks, comma-separated, whose X-Forwarded-For is believed. Default: none."`

	ClusterListenAddr    string `env:"CLUSTER_LISTEN_ADDR" group:"Cluster" placeholder:"HOST:PORT" help:"Where the other members reach this one. With it the member joins those that share its REDIS_URL; it also needs their INTEREST_KEY. Beyond loopback it needs CLUSTER_TLS_*, or CLUSTER_INSECURE."`
	ClusterAdvertiseAddr string `env:"CLUSTER_ADVERTISE_ADDR" group:"Cluster" placeholder:"HOST:PORT" help:"Address that the other members dial, when it is not CLUSTER_LISTEN_ADDR."`
	ClusterTLSCA         string `env:"CLUSTER_TLS_CA" name:"cluster-tls-ca" group:"Cluster" placeholder:"FILE" help:"Certificate of the authority that signed the members' certificates; see sighej cluster certs."`
	ClusterTLSCert       string `env:"CLUSTER_TLS_CERT" name:"cluster-tls-cert" group:"Cluster" placeholder:"FILE" help:"Certificate of this member."`
	ClusterTLSKey        string `env:"CLUSTER_TLS_KEY" name:"cluster-tls-key" group:"Cluster" placeholder:"FILE" help:"Key of that certificate."`
	ClusterInsecure      string `env:"CLUSTER_INSECURE" group:"Cluster" default:"false" placeholder:"BOOL" help:"true: let members talk without TLS beyond loopback: whoever reaches CLUSTER_LISTEN_ADDR can then act for every session. Default: ${default}."`

	RegistrationsPerMinute int `env:"REGISTRATIONS_PER_MINUTE" group:"Limits (0 = off)" default:"600" placeholder:"N" help:"New sessions a minute from one client address (IPv6: one /64). Default: ${default}."`
	RegistrationsBurst     int `env:"REGISTRATIONS_BURST" group:"Limits (0 = off)" default:"1000" placeholder:"N" help:"New sessions at once from one client address before that rate holds; 0 takes the limit off. Default: ${default}."`
	FailuresPerMinute      int `env:"FAILURES_PER_MINUTE" group:"Limits (0 = off)" default:"600" placeholder:"N" help:"Credentials a minute that may fail from one client address (IPv6: one /64); past that only those that were good before are looked at. Default: ${default}."`
	FailuresBurst          int `env:"FAILURES_BURST" group:"Limits (0 = off)" default:"1000" placeholder:"N" help:"Credentials that may fail at once from one client address before that rate holds; 0 takes the limit off. Default: ${default}."`
	SightingsPerSecond     int `env:"SIGHTINGS_PER_SECOND" group:"Limits (0 = off)" default:"20" placeholder:"N" help:"Sightings a second that one session may report. Default: ${default}."`
	SightingsBurst         int `env:"SIGHTINGS_BURST" group:"Limits (0 = off)" default:"100" placeholder:"N" help:"Sightings at once that one session may report before that rate holds; 0 takes the limit off. Default: ${default}."`
	MatchesPerHour         int `env:"MATCHES_PER_HOUR" group:"Limits (0 = off)" default:"60" placeholder:"N" help:"New matches an hour of one session. Default: ${default}."`
	MaxSharedLabels        int `env:"MAX_SHARED_LABELS" group:"Limits (0 = off)" default:"5" placeholder:"N" help:"Shared interests that a match names to its two phones, the same ones for a pair for ever; 0 names all. Default: ${default}."`
	StatsFloor             int `env:"STATS_FLOOR" group:"Limits (0 = off)" default:"10" placeholder:"N" help:"Count of sessions under which a category of interests is not told in statistics, only that it is less. Default: ${default}."`
	MaxConnections         int `env:"MAX_CONNECTIONS" group:"Limits (0 = off)" default:"100000" placeholder:"N" help:"WebSocket connections that this member holds at a time. Default: ${default}."`

	OTLPEndpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT" name:"otel-exporter-otlp-endpoint" group:"Tracing" placeholder:"URL" help:"OpenTelemetry collector that takes traces by OTLP over HTTP, such as http://localhost:4318. Without one nothing is traced."`
	TraceRatio   string `env:"OTEL_TRACES_SAMPLER_ARG" name:"otel-traces-sampler-arg" group:"Tracing" default:"0.01" placeholder:"RATIO" help:"Share of the calls that are traced, from 0 to 1; a trace that a trusted proxy has begun is gone on with if that is sampled. Default: ${default}."`

	LogLevel  string `env:"LOG_LEVEL" group:"Logging" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error. Default: ${default}."`
	LogFormat string `env:"LOG_FORMAT" group:"Logging" default:"auto" placeholder:"FORMAT" help:"text, json, or auto: text on a terminal, JSON elsewhere. Default: ${default}."`
}

// Values of Auth, Interests, MatchPolicy, Nudge and LogFormat.
const (
	AuthBearer = "bearer"
	AuthBeacon = "beacon"

	PolicyOneSided = "one-sided"
	PolicyMutual   = "mutual"

	NudgeOpen  = "open"
	NudgeBlind = "blind"

	InterestsOpen      = "open"
	InterestsCatalogue = "catalogue"

	LogAuto = "auto"
	LogText = "text"
	LogJSON = "json"
)

// DefaultOptions returns the settings of a member that was told nothing: a
// working system on loopback without any other server.
func DefaultOptions() Options {
	var o Options
	v := reflect.ValueOf(&o).Elem()
	for i := range v.NumField() {
		text := v.Type().Field(i).Tag.Get("default")
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(text)
		case reflect.Int:
			n, err := strconv.Atoi(text)
			if err != nil {
				panic("server: the default of " + v.Type().Field(i).Name + " is no number")
			}
			f.SetInt(int64(n))
		default:
			panic("server: a setting is text or a whole number: " + v.Type().Field(i).Name)
		}
	}
	return o
}

// TTL returns how long a session lives.
func (o Options) TTL() time.Duration { return time.Duration(o.SessionTTLSeconds) * time.Second }

// Beacon reports whether the token alone opens a session.
func (o Options) Beacon() bool { return o.Auth == AuthBeacon }

// CatalogueOnly reports whether an interest that the catalogue lacks is refused.
func (o Options) CatalogueOnly() bool { return o.Interests == InterestsCatalogue }

// Clustered reports whether this member is one of several.
func (o Options) Clustered() bool { return o.ClusterListenAddr != "" }

// Origins returns the allowed origins; none when there are none.
func (o Options) Origins() []string { return list(o.AllowedOrigins) }

// Proxies returns the trusted networks, a single address as a network of one.
// It leaves out what [Options.Validate] finds fault with.
func (o Options) Proxies() []netip.Prefix {
	var proxies []netip.Prefix
	for _, s := range list(o.TrustedProxies) {
		if p, ok := parseNetwork(s); ok {
			proxies = append(proxies, p)
		}
	}
	return proxies
}

// list splits a comma-separated setting and drops what is blank.
func list(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
