package persistence

import (
	"context"
	"time"

	"i80.dk/sighej"
)

// Sessions is the truth about the sessions: every lasting effect on one is one
// atomic, conditional step here. Two activations of a session may therefore
// coexist for a moment and do no harm.
//
// Methods block for the store's round trip, a few seconds at most even if ctx
// has no deadline and the store is gone, are safe for concurrent use,
// and must not be called from an actor's goroutine. A store that cannot be
// reached answers with [sighej.CodeUnavailable], and then the step may or may not
// have been taken: each may be tried again with the same arguments and has its
// effect once.
type Sessions interface {
	// Create stores a session, open or not, and counts it, with its categories, on
	// the UTC day of its creation. It fails with [sighej.CodeTokenLive] when
	// another live session has the token, or is heard by it. The store may keep
	// r.Session.
	Create(ctx context.Context, r Registration) error

	// Load returns what is known of the live session that has that token or is heard
	// by it, see [Sessions.Rotate], or [sighej.CodeNotFound].
	Load(ctx context.Context, token sighej.Token) (State, error)

	// LoadAll is Load for several tokens, one or more, in one round trip: their answers
	// in the same order.
	LoadAll(ctx context.Context, tokens []sighej.Token) []Loaded

	// Find returns the token of the live session whose access token has this hash,
	// or [sighej.CodeNotFound].
	Find(ctx context.Context, access sighej.AccessHash) (sighej.Token, error)

	// SetOpen records the consent to be matched. Withdrawing it takes, in the same
	// step, all nudges about the session out of the outboxes of others that are live,
	// see [State]. [sighej.CodeNotFound] when the session is not live.
	SetOpen(ctx context.Context, key sighej.SessionKey, open bool) error

	// Block makes the pair to which this session's nudge belongs never meet again in
	// this session's life: a commit of it is refused from then on. It takes the nudge
	// out of the outbox and returns the pair. The other session's outbox stays as it
	// is. [sighej.CodeNotFound] when the session is not live or never got that nudge.
	Block(ctx context.Context, key sighej.SessionKey, nudge sighej.NudgeID) (sighej.Pair, error)

	// Pair names two sessions as Block and Load do, the same for (a, b) and (b, a).
	// It asks nobody, takes about a microsecond and may be called from anywhere.
	Pair(a, b sighej.SessionKey) sighej.Pair

	// Wave records that the session wants to know more of whom one of its nudges is
	// about. Once both of a blind match have waved, live, open and unblocked, the
	// same step puts a nudge dated at into both outboxes that reveals what they share,
	// once. A nudge that was not blind is no error and nothing comes of it.
	// [sighej.CodeNotFound] as for Block.
	Wave(ctx context.Context, key sighej.SessionKey, nudge sighej.NudgeID, at time.Time) (Waved, error)

	// Rotate makes token what the session is heard by, and keeps what it was heard by
	// good for grace. It returns how things are then. [sighej.CodeTokenLive] when a
	// live session has the token or is heard by it, this one included unless it is
	// the present one; [sighej.CodeNotFound] when the session is not live.
	Rotate(ctx context.Context, key sighej.SessionKey, token sighej.Token, grace time.Duration) (sighej.Rotation, error)

	// Delete forgets the session, its matches and its outbox. A session that is
	// not there is no error.
	Delete(ctx context.Context, key sighej.SessionKey) error

	// Commit makes m a match in one step, or nothing at all: if both sessions are
	// live and open and the pair is neither matched nor blocked, it marks the pair on both,
	// puts a nudge into both outboxes, without m.Shared if m is blind, and counts the match on the UTC day of m.At.
	// A session whose outbox already holds MaxOutbox nudges is refused.
	Commit(ctx context.Context, m sighej.Match) (sighej.Outcome, error)

	// Ack takes nudges out of the session's outbox. Unknown ids are no error.
	Ack(ctx context.Context, key sighej.SessionKey, ids []sighej.NudgeID) error

	// Active returns the exact number of live sessions.
	Active(ctx context.Context) (int64, error)

	// Ping reports whether the store can be reached.
	Ping(ctx context.Context) error
}

// MaxOutbox bounds the nudges that wait in one outbox, so that a phone which
// never acknowledges costs little.
const MaxOutbox = 512

// Registration is a session about to be created, with what only its creation
// needs.
type Registration struct {
	Session    *sighej.Session
	Open       bool
	Digest     func() string // HMAC of the sorted interests, hex: the seeds' interests_hash; called by a store that keeps it
	Categories []string      // sorted, each once
}

// Waved is what came of a wave.
type Waved struct {
	Both bool              // both have waved, by this call or an earlier one, and the reveals are made
	Peer sighej.SessionKey // with Both
}

// State is a session as it stands in the store. The caller owns it, but for
// the shared Session.
type State struct {
	Session   *sighej.Session
	Rotation  sighej.Rotation
	Open      bool
	Outbox    []sighej.Nudge // oldest first
	MatchedAt []time.Time    // one for each match of this session, oldest first
	Blocked   []sighej.Pair  // in no order
}

// Loaded is one of the answers of LoadAll.
type Loaded struct {
	State State
	Err   error // instead
}

// LoadEach is LoadAll for a store in which it saves nothing to ask for all at once.
func LoadEach(ctx context.Context, tokens []sighej.Token, load func(context.Context, sighej.Token) (State, error)) []Loaded {
	answers := make([]Loaded, len(tokens))
	for i, token := range tokens {
		answers[i].State, answers[i].Err = load(ctx, token)
	}
	return answers
}

// Counters are the absolute totals of the recent UTC days, kept beside the
// sessions. The same conditions hold as for [Sessions].
type Counters interface {
	// Totals returns the counts of a day; zeros for a day without any.
	Totals(ctx context.Context, day Day) (Totals, error)

	// AddSightings adds n to the sightings of a day. Writer names the calling
	// process and seq grows with its calls, so that a call repeated after an error
	// counts once.
	AddSightings(ctx context.Context, day Day, writer string, seq, n int64) error

	// Seed adds the totals that a Statistics store already had for t.Day, unless
	// that day was seeded before.
	Seed(ctx context.Context, t Totals) error

	// Lease makes holder the one that flushes for ttl, or extends its time. It
	// reports false while another one holds the lease.
	Lease(ctx context.Context, holder string, ttl time.Duration) (bool, error)
}
