package redisstore

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// An outage is to be answered within seconds. Each may be set otherwise in the
// URL's query, as in ?read_timeout=5s.
const (
	dialTimeout  = time.Second
	replyTimeout = 1500 * time.Millisecond
	retries      = 1
)

const sentinelSuffix = "+sentinel"

// connect makes a client, which dials when it is first used. The URL is of the
// form
//
//	redis://[user:password@]host:port[/db][?option=value]
//	redis+sentinel://[user:password@]host:port[,host:port]/master[/db][?option=value]
//
// or rediss for TLS, or unix. The hosts of the second form are Sentinels, whose
// own credentials are the options sentinel_username and sentinel_password. Errors
// bear no password.
func connect(raw string) (redis.UniversalClient, error) {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found {
		return nil, errors.New("the Redis URL has no scheme, such as redis://")
	}
	if base, sentinel := strings.CutSuffix(scheme, sentinelSuffix); sentinel {
		return connectBySentinel(base, rest)
	}
	opts, err := parse(raw)
	if err != nil {
		return nil, err
	}
	return redis.NewClient(opts), nil
}

// parse reads a URL of the first form and sets what it leaves open.
func parse(raw string) (*redis.Options, error) {
	opts, err := redis.ParseURL(raw)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return nil, fmt.Errorf("the Redis URL: %w", failed.Err) // failed itself quotes all of it
	}
	if err != nil {
		return nil, fmt.Errorf("the Redis URL: %w", err)
	}
	if strings.Contains(opts.Addr, ",") {
		return nil, errors.New("the Redis URL: several hosts are Sentinels, with the scheme redis+sentinel")
	}
	setDefault(&opts.DialTimeout, dialTimeout)
	setDefault(&opts.ReadTimeout, replyTimeout)
	setDefault(&opts.WriteTimeout, replyTimeout)
	setDefault(&opts.MaxRetries, retries)
	opts.DialerRetries = 1 // the commands are tried again, that will do
	opts.DisableIdentity = true
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return opts, nil
}

func setDefault[T comparable](field *T, value T) {
	var unset T
	if *field == unset {
		*field = value
	}
}

func connectBySentinel(scheme, rest string) (redis.UniversalClient, error) {
	opts, err := parseSentinel(scheme, rest)
	if err != nil {
		return nil, err
	}
	return redis.NewFailoverClient(opts), nil
}

func parseSentinel(scheme, rest string) (*redis.FailoverOptions, error) {
	rest, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("the Redis URL: its query is malformed")
	}
	user, password := values.Get("sentinel_username"), values.Get("sentinel_password")
	values.Del("sentinel_username")
	values.Del("sentinel_password")

	authority, path, _ := strings.Cut(rest, "/")
	credentials := authority[:strings.LastIndexByte(authority, '@')+1]
	master, db, _ := strings.Cut(path, "/")
	if master == "" {
		return nil, errors.New("the Redis URL: the path of a Sentinel URL begins with the name of the master")
	}
	sentinels := strings.Split(authority[len(credentials):], ",")
	for _, address := range sentinels {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("the Redis URL: a Sentinel: %w", err)
		}
	}
	opts, err := parse(scheme + "://" + credentials + sentinels[0] + "/" + db + "?" + values.Encode())
	if err != nil {
		return nil, err
	}
	failover := failoverOptions(opts)
	failover.MasterName, failover.SentinelAddrs = master, sentinels
	failover.SentinelUsername, failover.SentinelPassword = user, password
	return failover, nil
}

// failoverOptions takes over all that a URL can set.
func failoverOptions(o *redis.Options) *redis.FailoverOptions {
	if o.TLSConfig != nil {
		o.TLSConfig.ServerName = "" // each host is checked by its own name
	}
	return &redis.FailoverOptions{
		ClientName: o.ClientName, Protocol: o.Protocol, Username: o.Username, Password: o.Password, DB: o.DB,
		MaxRetries: o.MaxRetries, MinRetryBackoff: o.MinRetryBackoff, MaxRetryBackoff: o.MaxRetryBackoff,
		DialTimeout: o.DialTimeout, DialerRetries: o.DialerRetries, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolFIFO: o.PoolFIFO, PoolSize: o.PoolSize, PoolTimeout: o.PoolTimeout, MaxConcurrentDials: o.MaxConcurrentDials,
		MinIdleConns: o.MinIdleConns, MaxIdleConns: o.MaxIdleConns, MaxActiveConns: o.MaxActiveConns,
		PipelinePoolSize: o.PipelinePoolSize, PipelineReadBufferSize: o.PipelineReadBufferSize,
		PipelineWriteBufferSize: o.PipelineWriteBufferSize,
		ConnMaxIdleTime:         o.ConnMaxIdleTime, ConnMaxLifetime: o.ConnMaxLifetime, ConnMaxLifetimeJitter: o.ConnMaxLifetimeJitter,
		TLSConfig: o.TLSConfig, DisableIdentity: o.DisableIdentity,
	}
}
