package cluster

import (
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Unreadable is what an actor gets in place of a message from another member that
// this release does not know, or that does not decode.
type Unreadable struct {
	Type string // as the sender calls it
	Err  error
}

// tolerantID is the place of [tolerant] among the library's serializers, behind
// its own two.
const tolerantID = 2

func init() { remote.RegisterSerializer(tolerant{}) }

// tolerant decodes what comes from other members. The library's own decoder takes
// the process down for a type that it does not know, and ends the stream, with
// all that is on its way, for a message that does not decode.
type tolerant struct{}

var errReadsOnly = errors.New("cluster: this serializer only reads")

// Serialize is not used: members write what the library's own serializer does.
func (tolerant) Serialize(any) ([]byte, error) { return nil, errReadsOnly }

// GetTypeName is not used either.
func (tolerant) GetTypeName(any) (string, error) { return "", errReadsOnly }

// Deserialize never fails.
func (tolerant) Deserialize(name string, data []byte) (any, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		return &Unreadable{name, err}, nil
	}
	m := kind.New().Interface()
	if err := proto.Unmarshal(data, m); err != nil {
		return &Unreadable{name, fmt.Errorf("cluster: %w", err)}, nil
	}
	return m, nil
}

// tolerate is an interceptor of the library's streams.
func tolerate(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, tolerantStream{stream})
}

type tolerantStream struct{ grpc.ServerStream }

// RecvMsg has each message decoded by [tolerant] and leaves out those that are
// for nobody.
func (s tolerantStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	r, ok := m.(*remote.RemoteMessage)
	if !ok || r.GetMessageBatch() == nil {
		return nil
	}
	b := r.GetMessageBatch()
	sound := b.Envelopes[:0]
	for _, e := range b.Envelopes {
		if within(e.GetTarget(), len(b.GetTargets())) && within(e.GetTypeId(), len(b.GetTypeNames())) &&
			within(e.GetSender(), len(b.GetSenders())+1) { // from 1 on
			e.SerializerId = tolerantID
			sound = append(sound, e)
		}
	}
	b.Envelopes = sound
	return nil
}

func within(i int32, n int) bool { return i >= 0 && int(i) < n }
