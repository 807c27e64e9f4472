package cluster

import (
	"context"
	"time"

	"google.golang.org/grpc"
)

// reachWithin is how long a stream waits for its member to be there. It is longer
// than a lease and a restart.
const reachWithin = time.Minute

// dialling makes streams to other members wait until these can be reached. The
// library opens them at once or not at all, sleeps for 2 s when it cannot, and
// then reports the connection as lost, which closes the one that may have come in
// its place meanwhile.
type dialling struct {
	ctx  context.Context // ends the waiting
	stop context.CancelFunc
}

func newDialling() dialling {
	ctx, stop := context.WithCancel(context.Background())
	return dialling{ctx, stop}
}

// open is an interceptor of the library's streams.
func (d dialling) open(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, cancel := context.WithCancel(ctx)
	enough := time.AfterFunc(reachWithin, cancel)
	defer enough.Stop()
	abandoned := context.AfterFunc(d.ctx, cancel)
	defer abandoned()
	stream, err := open(ctx, desc, conn, method, append(opts, grpc.WaitForReady(true))...)
	if err != nil {
		cancel()
		return nil, err
	}
	context.AfterFunc(stream.Context(), cancel) // when it ends
	return stream, nil
}
