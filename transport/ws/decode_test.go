package ws

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

const (
	malformedFrame = sighej.CodeMalformed
	secret         = "sj_secret-secret"
)

func TestDecodeFrame(t *testing.T) {
	rssi, yes := -60, true
	for _, c := range []struct {
		text string
		want wire.ClientFrame
		code sighej.Code
	}{
		{`{"type":"ack","id":"x"}`, wire.ClientFrame{Type: "ack", ID: "x"}, ""},
		{" \n{\"type\":\"ack\"}\t\r\n", wire.ClientFrame{Type: "ack"}, ""},
		{`{"type":"block","id":"x"}`, wire.ClientFrame{Type: "block", ID: "x"}, ""},
		{`{"type":"wave","id":"x"}`, wire.ClientFrame{Type: "wave", ID: "x"}, ""},
		{`{"type":"open","value":true}`, wire.ClientFrame{Type: "open", Value: &yes}, ""},
		{`{"type":"sighting","ref":"r","tokens":["abc123"]}`, wire.ClientFrame{Type: "sighting", Ref: "r", Tokens: []string{"abc123"}}, ""},
		{
			`{"type":"sighting","sightings":[{"token":"abc123","rssi":-60}]}`,
			wire.ClientFrame{Type: "sighting", Sightings: []wire.Sighting{{Token: "abc123", RSSI: &rssi}}},
			"",
		},
		{text: ``, code: malformedFrame},
		{text: ` `, code: malformedFrame},
		{text: `null`, code: malformedFrame},
		{text: `[]`, code: malformedFrame},
		{text: `"` + secret + `"`, code: malformedFrame},
		{text: secret, code: malformedFrame},
		{text: `{"type":"ack"`, code: malformedFrame},
		{text: `{"type":"ack"}{"type":"ack"}`, code: malformedFrame},
		{text: `{"type":"ack"}` + secret, code: malformedFrame},
		{text: `{"type":1}`, code: malformedFrame},
		{text: `{}`, code: malformedFrame},
		{text: `{"type":"` + secret + `"}`, code: sighej.CodeUnknownType},
		{text: `{"type":"welcome"}`, code: sighej.CodeUnknownType},
		{text: `{"type":"ack","` + secret + `":1}`, code: malformedFrame},
		{text: `{"type":"ack","id":1}`, code: malformedFrame},
		{text: `{"type":"ack","value":false}`, code: malformedFrame},
		{text: `{"type":"ack","tokens":[]}`, code: malformedFrame},
		{text: `{"type":"open","value":"` + secret + `"}`, code: malformedFrame},
		{text: `{"type":"block","id":"x","value":true}`, code: malformedFrame},
		{text: `{"type":"block","id":"x","ref":"x"}`, code: malformedFrame},
		{text: `{"type":"open","value":true,"id":"x"}`, code: malformedFrame},
		{text: `{"type":"open","value":true,"ref":"x"}`, code: malformedFrame},
		{text: `{"type":"sighting","id":"x"}`, code: malformedFrame},
		{text: `{"type":"sighting","value":true}`, code: malformedFrame},
		{text: `{"type":"sighting","sightings":[{"token":"abc123","seen_at":"` + secret + `"}]}`, code: malformedFrame},
		{text: `{"type":"sighting","sightings":[{"token":"abc123","rssi":987654.5}]}`, code: malformedFrame},
		{text: strings.Repeat(`[`, wire.MaxFrame), code: malformedFrame},
	} {
		got, err := decodeFrame([]byte(c.text))
		if err != nil {
			if err.Code != c.code {
				t.Errorf("%s: %s, want %q", c.text, err.Code, c.code)
			}
			if strings.Contains(err.Message, secret) || strings.Contains(err.Message, "987654") {
				t.Errorf("%s: the message quotes it: %s", c.text, err.Message)
			}
			continue
		}
		if c.code != "" {
			t.Errorf("%s: taken, want %s", c.text, c.code)
		} else if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.text, d)
		}
	}
}

// The decoder that is kept between frames must do as a fresh one does, whatever
// came before.
func FuzzDecodeFrame(f *testing.F) {
	f.Add([]byte(openFrame), []byte(`{"type":"ack","id":"x"} `))
	f.Add([]byte(`{"type":"sighting","ref":"r","tokens":["abc123"]}`), []byte(`{"type":"ack"}{}`))
	f.Add([]byte(`{"type":"sighting","sightings":[{"token":"abc123","rssi":-1,"seen_at":"2026-01-02T03:04:05Z"}]}`), []byte(`{`))
	f.Fuzz(func(t *testing.T, before, b []byte) {
		_, _ = decodeFrame(before)
		got, err := decodeFrame(bytes.Clone(b))
		fresh := json.NewDecoder(bytes.NewReader(b))
		fresh.DisallowUnknownFields()
		var want wire.ClientFrame
		form := fresh.Decode(&want)
		if form == nil {
			if _, end := fresh.Token(); end != io.EOF { //nolint:errorlint // as it comes
				form = errors.New("something trails")
			}
		}
		if form != nil {
			if err == nil {
				t.Fatalf("taken: %q", b)
			}
			return
		}
		if fits := checkFields(&want) == nil && namedByTheContract(b); fits != (err == nil) {
			t.Fatalf("%q: %v", b, err)
		}
		if err == nil && !cmp.Equal(want, got) {
			t.Fatalf("%q: %v, want %v", b, got, want)
		}
	})
}

func BenchmarkDecodeFrame(b *testing.B) {
	text := []byte(`{"type":"sighting","ref":"17","tokens":["wx3T9pQ2Lk7Zr4Vb8Nc1Yg"]}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeFrame(text); err != nil {
			b.Fatal(err)
		}
	}
}
