package cluster_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"i80.dk/sighej/cluster"
)

// stranger is a stream to a member on which anything can be sent.
func stranger(t *testing.T, address string) remote.Remoting_ReceiveClient {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, end := context.WithCancel(t.Context())
	t.Cleanup(end)
	stream, err := remote.NewRemotingClient(conn).Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// What a member does not understand, of another release or garbled, costs nothing
// but itself: neither what comes with it nor the stream nor the process.
func TestWhatIsNotUnderstoodIsPassedOver(t *testing.T) {
	t.Parallel()
	b := begin(t, cluster.NewStaticLeases(), plaintext())
	var good, unreadable atomic.Int64
	if _, err := b.System.Root.SpawnNamed(actor.PropsFromFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case *actor.PID:
			good.Add(1)
		case *cluster.Unreadable:
			if m.Type != "" && m.Err != nil {
				unreadable.Add(1)
			}
		}
	}), "count"); err != nil {
		t.Fatal(err)
	}
	sound, err := proto.Marshal(&actor.PID{Id: "anybody"})
	if err != nil {
		t.Fatal(err)
	}
	envelope := func(kind, target, sender, serializer int32, data []byte) *remote.MessageEnvelope {
		return &remote.MessageEnvelope{TypeId: kind, Target: target, Sender: sender, SerializerId: serializer, MessageData: data}
	}
	batch := &remote.RemoteMessage{MessageType: &remote.RemoteMessage_MessageBatch{MessageBatch: &remote.MessageBatch{
		TypeNames: []string{"actor.PID", "sighej.OfALaterRelease"},
		Targets:   []*actor.PID{{Address: b.System.Address(), Id: "count"}},
		Envelopes: []*remote.MessageEnvelope{
			envelope(1, 0, 0, 0, sound),
			envelope(0, 0, 0, 0, []byte{0xff, 0xff, 0xff}),
			envelope(7, 0, 0, 0, sound),
			envelope(-1, 0, 0, 0, sound),
			envelope(0, 7, 0, 0, sound),
			envelope(0, -1, 0, 0, sound),
			envelope(0, 0, 7, 0, sound),
			envelope(0, 0, 0, 99, sound), // of whatever serializer: it is read all the same
			envelope(0, 0, 0, 0, sound),
		},
	}}}
	stream := stranger(t, b.System.Address())
	const batches = 3
	for range batches {
		if err := stream.Send(batch); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "what is sound arrives", func() bool { return good.Load() == 2*batches })
	until(t, "the rest is told", func() bool { return unreadable.Load() == 2*batches })
}

// A member sends as the library does, so a release without this package's
// tolerance reads it.
func TestMembersWriteAsTheLibraryDoes(t *testing.T) {
	if remote.DefaultSerializerID != 0 {
		t.Error("members write with serializer", remote.DefaultSerializerID)
	}
}
