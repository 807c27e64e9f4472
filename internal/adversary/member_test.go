package adversary

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"i80.dk/sighej/cluster"
	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/server"
)

// bytesAsTheyAre is the codec of who has no types.
type bytesAsTheyAre struct{}

func (bytesAsTheyAre) Name() string { return "proto" }

func (bytesAsTheyAre) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (bytesAsTheyAre) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }

// forge says to a member, as another member would, that it is connecting, and
// reports whether the member took that and answered.
func forge(t *testing.T, address string, how credentials.TransportCredentials) bool {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(how))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/remote.Remoting/Receive", grpc.ForceCodec(bytesAsTheyAre{}))
	if err != nil {
		return false
	}
	// RemoteMessage{connect_request: {server_connection: {system_id: "x", address: "127.0.0.1:1"}}}
	inner := append([]byte{0x0a, 1, 'x', 0x12, 11}, "127.0.0.1:1"...)
	request := append([]byte{0x12, byte(len(inner))}, inner...)
	message := append([]byte{0x12, byte(len(request))}, request...)
	if err := stream.SendMsg(&message); err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	var reply []byte
	return stream.RecvMsg(&reply) == nil && len(reply) > 0
}

// A message that pretends to come from a member is not taken from whoever has no
// certificate of the cluster's authority: none, another authority's, or no TLS.
// With a member's own certificate it is, so that a stolen one has to be replaced,
// with its authority. Seen failing with ClientAuth: tls.RequestClientCert.
func TestAForgedMessageIsRefused(t *testing.T) {
	dir, foreign := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, foreign} {
		if err := cluster.WriteCertificates(d, []string{"127.0.0.1"}); err != nil {
			t.Fatal(err)
		}
	}
	in := func(d, name string) string { return filepath.Join(d, name) }
	members := testmember.StartCluster(t, 1, redis, func(o *server.Options) {
		o.ClusterTLSCA, o.ClusterTLSCert, o.ClusterTLSKey = in(dir, "ca.crt"), in(dir, "127.0.0.1.crt"), in(dir, "127.0.0.1.key")
		o.ClusterListenAddr = freeAddress(t)
	})
	address := members[0].Options.ClusterListenAddr
	_, own, err := cluster.LoadTLS(in(dir, "ca.crt"), in(dir, "127.0.0.1.crt"), in(dir, "127.0.0.1.key"))
	if err != nil {
		t.Fatal(err)
	}
	_, strange, err := cluster.LoadTLS(in(foreign, "ca.crt"), in(foreign, "127.0.0.1.crt"), in(foreign, "127.0.0.1.key"))
	if err != nil {
		t.Fatal(err)
	}
	strange.RootCAs = own.RootCAs
	for name, c := range map[string]struct {
		how  credentials.TransportCredentials
		want bool
	}{
		"without a certificate":      {credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS13, RootCAs: own.RootCAs}), false},
		"another authority's":        {credentials.NewTLS(strange), false},
		"without TLS":                {insecure.NewCredentials(), false},
		"with a member's, the proof": {credentials.NewTLS(own), true},
	} {
		if got := forge(t, address, c.how); got != c.want {
			t.Errorf("%s: taken %v, want %v", name, got, c.want)
		}
	}
}

// Without TLS, which only loopback or CLUSTER_INSECURE=true allows, whoever
// reaches the port is a member: the documents say so.
func TestWithoutTLSWhoeverReachesThePortIsAMember(t *testing.T) {
	members := testmember.StartCluster(t, 1, redis, func(o *server.Options) { o.ClusterListenAddr = freeAddress(t) })
	if !forge(t, members[0].Options.ClusterListenAddr, insecure.NewCredentials()) {
		t.Error("refused: then the documents, and TestAForgedMessageIsRefused, are wrong")
	}
}
