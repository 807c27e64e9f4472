package ledger

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/wire"
)

// book is a ledger with phones 0 and 1, who share devops and go, and phone 2,
// who shares chess with phone 1.
type book struct {
	*Ledger
	now time.Time
}

var labels = []string{"devops", "go", "chess", "jazz", "board games", "c", "c++", "tea"}

func newBook(t *testing.T, cfg Config) *book {
	t.Helper()
	v, err := NewVocabulary(labels)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Vocabulary = v
	b := &book{New(cfg), time.Unix(1_800_000_000, 0)}
	for _, interests := range [][]string{{"devops", "go", "jazz"}, {"devops", "go", "chess"}, {"chess", "tea"}} {
		set, odd := v.parse(interests)
		if odd != nil {
			t.Fatal(odd)
		}
		b.Connected(b.Add(set), b.now)
	}
	return b
}

func match(shared ...string) wire.MatchResult {
	return wire.MatchResult{Match: true, SharedInterests: shared, NudgeSent: true}
}

func again(shared ...string) wire.MatchResult {
	return wire.MatchResult{Match: true, SharedInterests: shared}
}

func nudge(id string, shared ...string) wire.Nudge {
	return wire.Nudge{ID: id, SharedInterests: shared, Message: "Someone nearby shares your interest in " + strings.Join(shared, " and ") + "."}
}

// reported is a report by 0 of 1 and its answer.
func (b *book) reported(by, of Phone, verdict wire.MatchResult) {
	b.Reports(by, of, b.now)
	b.Answered(by, of, verdict)
}

func (b *book) nudged(p Phone, n wire.Nudge) { b.Nudged(p, n, b.now.Add(time.Second)) }

// wants closes the book and compares the kinds of faults.
func (b *book) wants(t *testing.T, kinds ...string) report.Checks {
	t.Helper()
	checks := b.Close()
	var got []string
	for _, f := range checks.Findings {
		got = append(got, f.Kind)
		if f.Count < int64(len(f.Examples)) || len(f.Examples) == 0 {
			t.Errorf("%s: %d cases, examples %q", f.Kind, f.Count, f.Examples)
		}
	}
	if strings.Join(got, ", ") != strings.Join(kinds, ", ") {
		t.Errorf("findings %+v, want %q", checks.Findings, kinds)
	}
	return checks
}

func TestWhatIsRight(t *testing.T) {
	for name, run := range map[string]func(*book){
		"nothing": func(*book) {},
		"a match": func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.nudged(0, nudge("x", "devops", "go"))
			b.nudged(1, nudge("y", "go", "devops"))
		},
		"nudges before the answer": func(b *book) {
			b.Reports(0, 1, b.now)
			b.nudged(0, nudge("x", "devops", "go"))
			b.nudged(1, nudge("y", "devops", "go"))
			b.Answered(0, 1, match("devops", "go"))
		},
		"both report each other": func(b *book) {
			b.Reports(0, 1, b.now)
			b.Reports(1, 0, b.now)
			b.Answered(1, 0, again("devops", "go"))
			b.Answered(0, 1, match("devops", "go"))
			b.nudged(0, nudge("x", "devops", "go"))
			b.nudged(1, nudge("y", "devops", "go"))
		},
		"nothing in common":     func(b *book) { b.reported(0, 2, wire.MatchResult{}) },
		"refused by a limit":    func(b *book) { b.Reports(0, 1, b.now); b.Refused(0, 1, "match_limit", true) },
		"lost, and not counted": func(b *book) { b.Reports(0, 1, b.now); b.Lost(0, 1, "timeout") },
		"lost, and counted": func(b *book) {
			b.Reports(0, 1, b.now)
			b.Lost(0, 1, "timeout")
			b.nudged(0, nudge("x", "devops", "go"))
			b.nudged(1, nudge("y", "devops", "go"))
		},
		"lost, counted, and reported again": func(b *book) {
			b.Reports(0, 1, b.now)
			b.Lost(0, 1, "timeout")
			b.reported(0, 1, again("devops", "go"))
			b.nudged(0, nudge("x", "devops", "go"))
			b.nudged(1, nudge("y", "devops", "go"))
		},
		"the same id after a reconnect": func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.nudged(0, nudge("x", "devops", "go"))
			b.Connected(0, b.now)
			b.nudged(0, nudge("x", "devops", "go"))
			b.nudged(1, nudge("y", "devops", "go"))
		},
		"without ids": func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.nudged(0, nudge("", "devops", "go"))
			b.nudged(1, nudge("", "devops", "go"))
		},
		"a label of several words": func(b *book) {
			two, _ := b.cfg.Vocabulary.parse([]string{"board games", "c++", "c"})
			three, four := b.Add(two), b.Add(two)
			b.reported(three, four, match("board games", "c", "c++"))
			b.nudged(three, nudge("x", "board games", "c", "c++"))
			b.nudged(four, nudge("y", "c++", "c", "board games"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t, Config{Late: 10 * time.Second})
			run(b)
			b.wants(t)
			if nudges, reports := b.Outstanding(); nudges != 0 || reports != 0 {
				t.Errorf("%d nudges and %d reports outstanding", nudges, reports)
			}
		})
	}
}

func TestWhatIsWrong(t *testing.T) {
	both := func(b *book) {
		b.nudged(0, nudge("x", "devops", "go"))
		b.nudged(1, nudge("y", "devops", "go"))
	}
	for name, c := range map[string]struct {
		run  func(*book)
		want []string
	}{
		"a nudge is missing": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.nudged(0, nudge("x", "devops", "go"))
		}, []string{report.FaultMissing}},
		"one of a lost report's nudges is missing": {func(b *book) {
			b.Reports(0, 1, b.now)
			b.Lost(0, 1, "timeout")
			b.nudged(1, nudge("y", "devops", "go"))
		}, []string{report.FaultMissing}},
		"the same id twice": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			both(b)
			b.nudged(0, nudge("x", "devops", "go"))
		}, []string{report.FaultDuplicate}},
		"the same content twice": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			both(b)
			b.nudged(0, nudge("z", "devops", "go"))
		}, []string{report.FaultDuplicate}},
		"the same content twice, without ids": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			both(b)
			b.nudged(0, nudge("", "devops", "go"))
		}, []string{report.FaultDuplicate}},
		"too late": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.nudged(0, nudge("x", "devops", "go"))
			b.Nudged(1, nudge("y", "devops", "go"), b.now.Add(11*time.Second))
		}, []string{report.FaultLate}},
		"one label too many": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.nudged(0, nudge("x", "devops", "go", "jazz"))
			b.nudged(1, nudge("y", "devops", "go"))
		}, []string{report.FaultContent}},
		"an unknown label too many": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.nudged(0, nudge("x", "devops", "go", "secret"))
			b.nudged(1, nudge("y", "devops", "go"))
		}, []string{report.FaultContent}},
		"one label too few": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.nudged(0, nudge("x", "devops"))
			b.nudged(1, nudge("y", "devops", "go"))
		}, []string{report.FaultContent}},
		"the sentence tells more": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.Nudged(0, wire.Nudge{ID: "x", SharedInterests: []string{"devops", "go"}, Message: "Devops, go and Board-Games!"}, b.now)
			b.nudged(1, nudge("y", "devops", "go"))
		}, []string{report.FaultContent}},
		"no sentence": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.Nudged(0, wire.Nudge{ID: "x", SharedInterests: []string{"devops", "go"}}, b.now)
			b.nudged(1, nudge("y", "devops", "go"))
		}, []string{report.FaultContent}},
		"a third phone": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			both(b)
			b.nudged(2, nudge("z", "devops", "go"))
		}, []string{report.FaultStray}},
		"a third phone that shares it": {func(b *book) {
			b.nudged(1, nudge("z", "chess"))
		}, []string{report.FaultStray}},
		"a claim on strangers":  {func(b *book) { b.reported(0, 2, match("jazz")) }, []string{report.FaultAnswer}},
		"a leak on strangers":   {func(b *book) { b.reported(0, 2, wire.MatchResult{SharedInterests: []string{"tea"}}) }, []string{report.FaultContent}},
		"a nudge for strangers": {func(b *book) { b.reported(0, 2, wire.MatchResult{NudgeSent: true}) }, []string{report.FaultAnswer}},
		"a match denied":        {func(b *book) { b.reported(0, 1, wire.MatchResult{}) }, []string{report.FaultAnswer}},
		"a leaking answer": {func(b *book) {
			b.reported(0, 1, match("devops", "go", "chess"))
			both(b)
		}, []string{report.FaultContent}},
		"sent twice": {func(b *book) {
			b.reported(0, 1, match("devops", "go"))
			b.reported(1, 0, match("devops", "go"))
			both(b)
		}, []string{report.FaultAnswer}},
		"never sent":     {func(b *book) { b.reported(0, 1, again("devops", "go")) }, []string{report.FaultAnswer}},
		"a broken frame": {func(b *book) { b.Broken(0, "rubbish") }, []string{report.FaultProtocol}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t, Config{Late: 10 * time.Second})
			c.run(b)
			b.wants(t, c.want...)
		})
	}
}

// A nudge that comes before the answer to its report is not taken for one about a
// pair whose answer was lost, nor does it make such a pair certain when it may be
// about either. Seen failing with take going by made alone: phone 1 was missed a nudge.
func TestNudgeThatMayBeAboutSeveral(t *testing.T) {
	for name, sure := range map[string]bool{"one under way": true, "both lost": false} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t, Config{})
			set, _ := b.cfg.Vocabulary.parse([]string{"devops", "go", "tea"})
			other := b.Add(set)
			b.Connected(other, b.now)
			b.Reports(0, 1, b.now)
			b.Lost(0, 1, "connection lost") // and did not count
			b.Reports(0, other, b.now)
			if !sure {
				b.Lost(0, other, "connection lost") // and did count
			}
			b.nudged(0, nudge("a", "devops", "go"))
			if sure {
				b.Answered(0, other, match("devops", "go"))
			}
			b.nudged(other, nudge("b", "devops", "go"))
			b.wants(t)
		})
	}
}

// What the server's own limits may hide is no fault, up to the limit only.
func TestLimits(t *testing.T) {
	b := newBook(t, Config{MatchLimit: 1})
	b.reported(0, 1, match("devops", "go"))
	b.nudged(0, nudge("x", "devops", "go"))
	b.nudged(1, nudge("y", "devops", "go"))
	b.reported(2, 1, wire.MatchResult{}) // phone 1 has its match
	if c := b.wants(t); c.Limited != 1 {
		t.Errorf("%d limited, want 1", c.Limited)
	}
	b = newBook(t, Config{MatchLimit: 2})
	b.reported(0, 1, match("devops", "go"))
	b.nudged(0, nudge("x", "devops", "go"))
	b.nudged(1, nudge("y", "devops", "go"))
	b.reported(2, 1, wire.MatchResult{})
	b.wants(t, report.FaultAnswer)
}

// A nudge is due when its report was, or when the phone connected.
func TestDue(t *testing.T) {
	b := newBook(t, Config{Late: 10 * time.Second})
	b.Disconnected(1)
	b.reported(0, 1, match("devops", "go"))
	if due, ok := b.Nudged(0, nudge("x", "devops", "go"), b.now.Add(time.Second)); !ok || !due.Equal(b.now) {
		t.Errorf("due %v, %t; want %v", due, ok, b.now)
	}
	if b.Owed(1) != 1 || b.Owed(0) != 0 {
		t.Errorf("owed %d and %d, want 0 and 1", b.Owed(0), b.Owed(1))
	}
	back := b.now.Add(time.Hour)
	b.Connected(1, back)
	if due, ok := b.Nudged(1, nudge("y", "devops", "go"), back.Add(time.Second)); !ok || !due.Equal(back) {
		t.Errorf("due %v, %t; want %v", due, ok, back)
	}
	atA, atB := b.Pair(0, 1)
	if !atA.Equal(b.now.Add(time.Second)) || !atB.Equal(back.Add(time.Second)) {
		t.Errorf("nudged at %v and %v", atA, atB)
	}
	b.wants(t)
}

// A session that is over is owed nothing any more, and costs no memory.
func TestRetire(t *testing.T) {
	b := newBook(t, Config{})
	b.reported(0, 1, match("devops", "go"))
	b.nudged(0, nudge("x", "devops", "go"))
	b.Retire(0)
	if nudges, _ := b.Outstanding(); nudges != 1 {
		t.Errorf("%d nudges outstanding, want phone 1's", nudges)
	}
	b.nudged(1, nudge("y", "devops", "go"))
	b.Retire(1)
	for range sweepEvery {
		b.Retire(b.Add(Set{}))
	}
	if len(b.pairs) != 0 {
		t.Errorf("%d pairs are kept", len(b.pairs))
	}
	b.wants(t)
}

// Whatever happens in whatever order, a server that does as it must is never
// blamed.
func TestHonestServerIsNeverBlamed(t *testing.T) {
	v, err := NewVocabulary(labels)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		l := New(Config{Vocabulary: v})
		now := time.Unix(1_800_000_000, 0)
		var sets []Set
		for range 12 {
			sets = append(sets, v.Draw(r, 3))
			l.Connected(l.Add(sets[len(sets)-1]), now)
		}
		type event func()
		var due []event
		made := map[[2]Phone]bool{}
		for n := range 300 {
			a, b := Phone(r.IntN(12)), Phone(r.IntN(12))
			if a == b {
				continue
			}
			l.Reports(a, b, now)
			shared := v.Labels(sets[a].And(sets[b]))
			verdict := wire.MatchResult{Match: len(shared) > 0, SharedInterests: shared}
			if verdict.Match && !made[key(a, b)] {
				made[key(a, b)] = true
				verdict.NudgeSent = true
				for _, p := range []Phone{a, b} {
					due = append(due, func() { l.Nudged(p, nudge(string(rune('A'+p))+string(rune(n+1000)), shared...), now) })
				}
			}
			if r.IntN(10) == 0 {
				due = append(due, func() { l.Lost(a, b, "timeout") })
			} else {
				due = append(due, func() { l.Answered(a, b, verdict) })
			}
			for len(due) > 0 && r.IntN(3) > 0 {
				i := r.IntN(len(due))
				due[i]()
				due = append(due[:i], due[i+1:]...)
			}
		}
		for _, e := range due {
			e()
		}
		if c := l.Close(); c.Wrong() {
			t.Fatalf("seed %d: %+v", seed, c.Findings)
		}
	}
}
