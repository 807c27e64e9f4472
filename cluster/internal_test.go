package cluster

import (
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func validMember() Member {
	return Member{
		ID: "Xk3-_9", Address: "10.0.0.7:7000", Version: "v1", Protocol: 2, Accepts: 1,
		Joined: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), State: Up, Counts: Counts{1, 2, 3},
	}
}

func TestMemberSurvivesItsRecord(t *testing.T) {
	want := validMember()
	record, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeMember(record)
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestNewerRecordIsRead(t *testing.T) {
	got, err := decodeMember([]byte(`{"id":"a","address":"h:1","protocol":3,"accepts":2,"state":"resting","zone":"north"}`))
	if err != nil || got.State != "resting" || got.Protocol != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRecordsThatAreNoMembers(t *testing.T) {
	for name, spoil := range map[string]func(*Member){
		"no id":                    func(m *Member) { m.ID = "" },
		"a long id":                func(m *Member) { m.ID = strings.Repeat("x", 65) },
		"a strange id":             func(m *Member) { m.ID = "a b" },
		"no address":               func(m *Member) { m.Address = "" },
		"no host":                  func(m *Member) { m.Address = ":7000" },
		"no port":                  func(m *Member) { m.Address = "10.0.0.7" },
		"port 0":                   func(m *Member) { m.Address = "10.0.0.7:0" },
		"a port too high":          func(m *Member) { m.Address = "10.0.0.7:65536" },
		"no protocol":              func(m *Member) { m.Protocol = 0 },
		"accepting nothing":        func(m *Member) { m.Accepts = 0 },
		"accepting more than said": func(m *Member) { m.Accepts = 3 },
	} {
		m := validMember()
		spoil(&m)
		record, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeMember(record); err == nil {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
	if _, err := decodeMember([]byte("[]")); err == nil {
		t.Error("a list is read as a member")
	}
}

func FuzzDecodeMember(f *testing.F) {
	record, err := validMember().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(record)
	f.Add([]byte(`{"id":"a","address":"[::1]:7000","protocol":1,"accepts":1,"joined":"0000-01-01T00:00:00+23:59"}`))
	f.Add([]byte(`{"ID":null,"address":7}`))
	f.Fuzz(func(t *testing.T, record []byte) {
		m, err := decodeMember(record)
		if err != nil {
			return
		}
		again, err := m.encode()
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", m, err)
		}
		back, err := decodeMember(again)
		if err != nil || !back.Joined.Equal(m.Joined) {
			t.Fatalf("%+v came back as %+v, %v", m, back, err)
		}
		back.Joined = m.Joined
		if !reflect.DeepEqual(back, m) {
			t.Fatalf("%+v came back as %+v", m, back)
		}
	})
}

func TestUnderstands(t *testing.T) {
	for _, c := range []struct {
		own, accepts, other, otherAccepts int
		want                              bool
	}{
		{1, 1, 1, 1, true},
		{1, 1, 2, 2, false}, // too old for the cluster
		{1, 1, 2, 1, true},
		{2, 2, 1, 1, false}, // the cluster is too old for it
		{3, 2, 2, 1, true},
	} {
		a, b := Member{Protocol: c.own, Accepts: c.accepts}, Member{Protocol: c.other, Accepts: c.otherAccepts}
		if a.understands(b) != c.want || b.understands(a) != c.want {
			t.Errorf("%d (accepts %d) and %d (accepts %d): want %t", c.own, c.accepts, c.other, c.otherAccepts, c.want)
		}
	}
}

func TestAnswersThatNoScriptGives(t *testing.T) {
	for _, answer := range [][]any{nil, {}, {"1"}, {int64(7)}, {int64(-1)}, {nil}} {
		if members, _, err := readHold(validMember(), answer); err == nil {
			t.Errorf("%v is read as %v", answer, members)
		}
	}
	for payload, want := range map[string]int{"changed": 0, "": 0, "refused 3": 3, "refused x": 0} {
		if got := readNotice(payload).Refused; got != want {
			t.Errorf("notice %q: %d, want %d", payload, got, want)
		}
	}
}

// After a freeze the answer of a renewal may be looked at before anything else.
func TestNoRenewalAfterTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := Join(t.Context(), Config{Leases: NewStaticLeases(), Protocol: 1}, "a", "127.0.0.1:7000")
		if err != nil {
			t.Fatal(err)
		}
		sent := m.now()
		time.Sleep(leaseTerm - leaseMargin)
		if m.prolong(sent+1) || m.MayAct() {
			t.Error("a renewal counts that was answered too late")
		}
	})
}
