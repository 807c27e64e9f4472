package cluster

import (
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// unreachable returns a connection to an address at which nobody listens, once a
// dial has failed, and what comes of a stream that is opened then.
func unreachable(t *testing.T, d dialling) (address string, opened <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStreamInterceptor(d.open))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	conn.Connect()
	for state := conn.GetState(); state != connectivity.TransientFailure; state = conn.GetState() {
		if !conn.WaitForStateChange(t.Context(), state) {
			t.Fatal("no dial failed")
		}
	}
	done := make(chan error, 1)
	go func() {
		_, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/sighej/any")
		done <- err
	}()
	return address, done
}

// A stream to a member that starts again waits for it, though dials have failed.
func TestStreamWaitsForItsMember(t *testing.T) {
	d := newDialling()
	defer d.stop()
	address, opened := unreachable(t, d)
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	defer server.Stop()
	go func() { _ = server.Serve(l) }()
	if err := <-opened; err != nil {
		t.Error(err)
	}
}

// Whoever leaves does not wait for those who have gone.
func TestStreamIsAbandoned(t *testing.T) {
	d := newDialling()
	_, opened := unreachable(t, d)
	d.stop()
	if err := <-opened; status.Code(err) != codes.Canceled {
		t.Error(err)
	}
}
