package cluster

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// All keys of this package are made here.
const (
	// membersKey: sorted set, the ids of the members by the end of their lease in
	// Unix milliseconds of Redis's clock. No TTL: each renewal removes what has
	// ended, and Redis an empty set.
	membersKey = "members"
	// recordPrefix and an id: string, the JSON of that [Member]. TTL: the lease's.
	recordPrefix = "member:"
	// drainPrefix and an id: string, "1" when that member was asked to drain. TTL:
	// drainTTL, more than a member takes to see it.
	drainPrefix = "drain:"
	drainTTL    = time.Minute
	// noticeChannel: "changed", or "refused " and a protocol.
	noticeChannel = "members"
	noticeRefused = "refused "
)

var (
	//go:embed lua/hold.lua
	holdSource string
	//go:embed lua/release.lua
	releaseSource string
	//go:embed lua/drain.lua
	drainSource string

	holdScript    = redis.NewScript(holdSource)
	releaseScript = redis.NewScript(releaseSource)
	drainScript   = redis.NewScript(drainSource)
)

var _ Leases = (*RedisLeases)(nil)

// RedisLeases are leases in Redis, by its clock; each call is one round trip
// and one script, so it happens at once or not at all. A record that is no
// member's is left out of the lists. How long a call can take is for the client
// to bound: a renewal that takes longer than a lease is worth nothing.
type RedisLeases struct{ client redis.UniversalClient }

// NewRedisLeases returns the leases that the client's Redis keeps. The client
// stays the caller's, who closes it when no member uses it any more. Not Redis
// Cluster: the script reads the records of all members.
func NewRedisLeases(client redis.UniversalClient) *RedisLeases { return &RedisLeases{client} }

// Acquire implements [Leases].
func (l *RedisLeases) Acquire(ctx context.Context, m Member, term time.Duration) ([]Member, error) {
	members, _, err := l.hold(ctx, m, term, "take", false)
	if err != nil {
		return nil, fmt.Errorf("take a lease in Redis: %w", err)
	}
	return members, nil
}

// Renew implements [Leases].
func (l *RedisLeases) Renew(ctx context.Context, m Member, term time.Duration, announce bool) (members []Member, drain bool, err error) {
	members, drain, err = l.hold(ctx, m, term, "keep", announce)
	if err != nil {
		return nil, false, fmt.Errorf("renew the lease in Redis: %w", err)
	}
	return members, drain, nil
}

// AskToDrain implements [Leases].
func (l *RedisLeases) AskToDrain(ctx context.Context, id string) error {
	asked, err := drainScript.Run(ctx, l.client, []string{membersKey, drainPrefix + id}, id, drainTTL.Milliseconds(), noticeChannel).Int()
	switch {
	case err != nil:
		return fmt.Errorf("ask a member to drain through Redis: %w", err)
	case asked == 0:
		return ErrNoMember
	}
	return nil
}

// Release implements [Leases].
func (l *RedisLeases) Release(ctx context.Context, id string) error {
	if err := releaseScript.Run(ctx, l.client, []string{membersKey, recordPrefix + id}, id, noticeChannel).Err(); err != nil {
		return fmt.Errorf("release the lease in Redis: %w", err)
	}
	return nil
}

func (l *RedisLeases) hold(ctx context.Context, m Member, term time.Duration, how string, announce bool) (members []Member, drain bool, err error) {
	record, err := m.encode()
	if err != nil {
		return nil, false, err
	}
	look := 0
	if announce {
		look = 1
	}
	answer, err := holdScript.Run(ctx, l.client, []string{membersKey, recordPrefix + m.ID, drainPrefix + m.ID},
		m.ID, record, term.Milliseconds(), how, look, m.Protocol, m.Accepts, recordPrefix, noticeChannel, m.Realm).Slice()
	if err != nil {
		return nil, false, err
	}
	return readHold(m, answer)
}

var errAnswer = errors.New("the script's answer is malformed")

// readHold reads what hold.lua returns.
func readHold(m Member, answer []any) (members []Member, drain bool, err error) {
	if len(answer) == 0 {
		return nil, false, errAnswer
	}
	switch outcome, _ := answer[0].(int64); {
	case outcome == 1 || outcome == 2:
		return readMembers(answer[1:]), outcome == 2, nil
	case outcome == -1 && len(answer) == 2:
		protocol, _ := answer[1].(int64)
		return nil, false, &ProtocolError{Own: m.Protocol, Cluster: int(protocol)}
	case outcome == -2:
		return nil, false, ErrRealm
	case answer[0] == int64(0):
		return nil, false, ErrLost
	default:
		return nil, false, errAnswer
	}
}

func readMembers(records []any) []Member {
	members := make([]Member, 0, len(records))
	for _, record := range records {
		text, _ := record.(string)
		if m, err := decodeMember([]byte(text)); err == nil {
			members = append(members, m)
		}
	}
	return members
}

// Watch implements [Leases]. A connection that is lost is made again.
func (l *RedisLeases) Watch(ctx context.Context, heard func(Notice)) error {
	subscription := l.client.Subscribe(ctx, noticeChannel)
	defer func() { _ = subscription.Close() }() // it ends with its connection, whatever Redis says
	notices := subscription.Channel()
	for {
		select {
		case message, open := <-notices:
			if !open {
				return errors.New("cluster: watch the leases: the client is closed")
			}
			heard(readNotice(message.Payload))
		case <-ctx.Done():
			return nil
		}
	}
}

// readNotice takes everything but a refusal for a change: to look once too
// often does no harm.
func readNotice(payload string) Notice {
	protocol, refused := strings.CutPrefix(payload, noticeRefused)
	if !refused {
		return Notice{}
	}
	n, _ := strconv.Atoi(protocol)
	return Notice{Refused: n}
}
