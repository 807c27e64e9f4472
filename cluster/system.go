package cluster

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// NewSystem returns an actor system as all of this program's are. Its metrics
// provider is nil: the library would register a callback for each actor and
// keep it. Of its log only warnings are passed on, and these without their
// attributes, which name actors and so tokens; what it says of connections to
// members that have gone is for debugging, since the membership tells. What it
// says of dead letters is never passed on, so nothing waits to thin it out.
func NewSystem(logger *slog.Logger) *actor.ActorSystem {
	return actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(mute{logger.Handler()}) }),
		actor.WithDeadLetterRequestLogging(false),
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
	)
}

type mute struct{ slog.Handler }

func (m mute) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && m.Handler.Enabled(ctx, l)
}

func (m mute) Handle(ctx context.Context, r slog.Record) error {
	level := r.Level
	if strings.HasPrefix(r.Message, "EndpointWriter") {
		if level = slog.LevelDebug; !m.Handler.Enabled(ctx, level) {
			return nil
		}
	}
	return m.Handler.Handle(ctx, slog.NewRecord(r.Time, level, "actor library: "+r.Message, r.PC))
}

func (m mute) WithAttrs([]slog.Attr) slog.Handler { return m }
func (m mute) WithGroup(string) slog.Handler      { return m }
