package cluster

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Endpoint is how a member talks to the others. Listen and Gate are required.
type Endpoint struct {
	Listen    string // host:port, and only there; port 0 picks a free one
	Advertise string // host:port at which the others reach Listen; default: Listen, which then must be one address
	Gate      string // the name of the actor that takes what is sent to a partition

	// ServerTLS and ClientTLS secure what comes in and what goes out, see [LoadTLS].
	// Both or neither: without them everybody who reaches Listen can send to every
	// actor.
	ServerTLS, ClientTLS *tls.Config
}

// Bounds of the messages between two members. A batch has a limit in messages
// and the stream one in bytes, and a batch beyond it breaks the stream with all
// that is in it: so 256 messages as large as the largest body that the public
// contract takes, 64 KiB, and what surrounds them have to fit.
const (
	batchMessages = 256
	batchBytes    = batchMessages * (66 << 10)
	queueMessages = 4096 // to start with, for each other member
)

// A connection whose member is still listed and answers no ping is given up.
// That of a member whose lease is over is closed at once.
const (
	pingAfter   = 10 * time.Second // the least that gRPC lets a client do
	pongWithin  = 3 * time.Second
	dialWithin  = 2 * time.Second        // and a handshake done
	redialAfter = 100 * time.Millisecond // at first

	redialAtLast = 500 * time.Millisecond
)

// remoteConfig checks the endpoint and says the same in the library's words.
func (e Endpoint) remoteConfig(out dialling) (*remote.Config, error) {
	host, port, err := e.check()
	if err != nil {
		return nil, err
	}
	dial := []grpc.DialOption{
		grpc.WithTransportCredentials(credentialsOf(e.ClientTLS)),
		grpc.WithStreamInterceptor(out.open),
		grpc.WithNoProxy(), // members are neighbours, whatever the environment says of the world
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingAfter, Timeout: pongWithin, PermitWithoutStream: true}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: redialAfter, Multiplier: 1.5, Jitter: 0.2, MaxDelay: redialAtLast},
			MinConnectTimeout: dialWithin,
		}),
	}
	serve := []grpc.ServerOption{
		grpc.Creds(credentialsOf(e.ServerTLS)),
		grpc.ConnectionTimeout(dialWithin),
		grpc.MaxRecvMsgSize(batchBytes),
		grpc.StreamInterceptor(tolerate),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingAfter, Timeout: pongWithin}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingAfter / 2, PermitWithoutStream: true}),
	}
	cfg := remote.Configure(bracketed(host), port,
		remote.WithAdvertisedHost(e.Advertise),
		remote.WithEndpointWriterBatchSize(batchMessages),
		remote.WithEndpointWriterQueueSize(queueMessages),
		remote.WithDialOptions(dial...),
		remote.WithServerOptions(serve...))
	// After each failure the library sleeps for 2 s with everything queued behind
	// it, and forgets to close the connection before it tries again. After the last
	// it answers the queue with dead letters.
	cfg.MaxRetryCount = 1
	return cfg, nil
}

func (e Endpoint) check() (host string, port int, err error) {
	host, number, err := net.SplitHostPort(e.Listen)
	if err != nil {
		return "", 0, fmt.Errorf("the address to listen on: %w", err)
	}
	port, err = strconv.Atoi(number)
	switch {
	case err != nil || port < 0 || port > 65535:
		return "", 0, errors.New("the address to listen on must have a port from 0 to 65535")
	case e.Gate == "":
		return "", 0, errors.New("the gate must have a name")
	case (e.ServerTLS == nil) != (e.ClientTLS == nil):
		return "", 0, errors.New("TLS must be set for both directions or none")
	case e.Advertise == "" && everywhere(host):
		return "", 0, errors.New("a member that listens on all addresses must advertise one")
	case e.Advertise != "":
		return host, port, checkAdvertised(e.Advertise)
	}
	return host, port, nil
}

func checkAdvertised(address string) error {
	host, _, err := splitAddress(address)
	if err == nil && everywhere(host) {
		return errors.New("a member must advertise one address")
	}
	return err
}

func everywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

// bracketed is for where the library puts a port behind a host by itself.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func credentialsOf(cfg *tls.Config) credentials.TransportCredentials {
	if cfg == nil {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(cfg)
}
