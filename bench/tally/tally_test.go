package tally

import (
	"bytes"
	"encoding/gob"
	"testing"
	"time"
)

func TestSums(t *testing.T) {
	var one, two Tally
	for i := 1; i <= 1000; i++ {
		one.Time(Answer, time.Duration(i)*time.Millisecond)
	}
	two.Time(Answer, time.Hour) // counts as two minutes
	two.Time(Nudge, -time.Second)
	one.Count(Due, 3)
	two.Count(Due, 4)

	var sum Sum
	for _, tally := range []*Tally{&one, &two} {
		part := tally.Take()
		var b bytes.Buffer // as if from another process
		var copied Sum
		if err := gob.NewEncoder(&b).Encode(part); err != nil {
			t.Fatal(err)
		}
		if err := gob.NewDecoder(&b).Decode(&copied); err != nil {
			t.Fatal(err)
		}
		sum.Merge(&copied)
	}
	if sum.Counts[Due] != 7 || sum.Len(Answer) != 1001 || sum.Len(Nudge) != 1 || sum.Len(Connect) != 0 {
		t.Errorf("%d due, %d answers, %d nudges", sum.Counts[Due], sum.Len(Answer), sum.Len(Nudge))
	}
	near := func(name string, got, want time.Duration) {
		if d := got - want; d < -want/1000 || d > want/1000 {
			t.Errorf("%s %v, want %v", name, got, want)
		}
	}
	near("median", sum.Quantile(Answer, .5), 501*time.Millisecond)
	near("p99", sum.Quantile(Answer, .99), 991*time.Millisecond)
	near("longest", sum.Max(Answer), 2*time.Minute)
	if sum.Quantile(Connect, .5) != 0 || sum.Max(Nudge) != 0 {
		t.Error("a latency of nothing is not 0")
	}

	r := sum.Report(Answer)
	var n int64
	for i, b := range r.Buckets {
		if n += b.Count; i > 0 && b.UpTo <= r.Buckets[i-1].UpTo {
			t.Errorf("bucket %d ends before the one before", i)
		}
	}
	if n != 1001 || r.Count != 1001 || r.Name != "answer" {
		t.Errorf("%d in the buckets of %+v", n, r)
	}
	if later := one.Take(); later.Counts[Due] != 0 || later.Len(Answer) != 0 {
		t.Error("taken twice")
	}
}

func TestForeignSums(t *testing.T) {
	for _, w := range []sumOnWire{
		{Times: map[int][]byte{int(latencies): {1}}},
		{Times: map[int][]byte{-1: {1}}},
		{Times: map[int][]byte{0: []byte("rubbish")}},
	} {
		b, err := encode(w)
		if err != nil {
			t.Fatal(err)
		}
		var s Sum
		if err := s.GobDecode(b); err == nil {
			t.Errorf("%v was taken", w)
		}
	}
	if err := new(Sum).GobDecode([]byte("rubbish")); err == nil {
		t.Error("rubbish was taken")
	}
}
