package sighej

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParseToken(t *testing.T) {
	for text, ok := range map[string]bool{
		"abc123": true, "A-Z_09": true, strings.Repeat("x", 64): true, string(NewToken()): true,
		"": false, "abc12": false, strings.Repeat("x", 65): false, "abc 123": false, "abc12é": false, "abc/123": false, "abc12\n": false,
	} {
		token, err := ParseToken(text)
		if ok != (err == nil) || ok && string(token) != text || !ok && CodeOf(err) != CodeInvalid {
			t.Errorf("%q: %q, %v", text, token, err)
		}
	}
}

func TestIDsComeBack(t *testing.T) {
	for range 100 {
		session := NewSessionID()
		if got, err := ParseSessionID(session.String()); err != nil || got != session {
			t.Errorf("session id %s: %s, %v", session, got, err)
		}
		if text := session.String(); text[14] != '4' || !strings.ContainsRune("89ab", rune(text[19])) {
			t.Errorf("%s is no UUID of version 4", text)
		}
		nudge := NewNudgeID()
		if got, err := ParseNudgeID(nudge.String()); err != nil || got != nudge {
			t.Errorf("nudge id %s: %s, %v", nudge, got, err)
		}
	}
	for _, text := range []string{"", "x", strings.Repeat("z", 36), strings.Repeat("-", 36)} {
		if _, err := ParseSessionID(text); CodeOf(err) != CodeInvalid {
			t.Errorf("session id %q: %v", text, err)
		}
	}
	for _, text := range []string{"", "x", strings.Repeat("=", 22), strings.Repeat("_", 22)} { // the last has stray bits
		if _, err := ParseNudgeID(text); CodeOf(err) != CodeInvalid {
			t.Errorf("nudge id %q: %v", text, err)
		}
	}
}

func TestAccessToken(t *testing.T) {
	a, b := NewAccessToken(), NewAccessToken()
	if parsed, err := ParseAccessToken(string(a)); err != nil || !parsed.Hash().Equal(a.Hash()) {
		t.Error(err)
	}
	if a.Hash().Equal(b.Hash()) {
		t.Error("two access tokens are equal")
	}
	for _, text := range []string{"", "sj_", string(a)[3:], string(a) + "x", "sk_" + string(a)[3:]} {
		if _, err := ParseAccessToken(text); CodeOf(err) != CodeUnauthorized {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestErrorKeepsItsCauseForTheLog(t *testing.T) {
	cause := errors.New("dial 10.1.2.3:6379: refused")
	err := Errorf(CodeUnavailable, "the store is away: %w", cause).After(time.Second)
	if err.Message != "the store is away" || err.Error() != "the store is away: "+cause.Error() || !errors.Is(err, cause) {
		t.Errorf("message %q, error %q", err.Message, err)
	}
	if code := CodeOf(fmt.Errorf("while matching: %w", err)); code != CodeUnavailable || err.RetryAfter != time.Second {
		t.Error(code, err.RetryAfter)
	}
	if CodeOf(cause) != CodeInternal || CodeOf(nil) != "" {
		t.Error("an error without a code is internal, no error has none")
	}
}

func TestSessionIsDeadFromItsExpiryOn(t *testing.T) {
	now := time.Now()
	s := Session{ExpiresAt: now}
	if s.Live(now) || !s.Live(now.Add(-time.Nanosecond)) {
		t.Error("the instant of expiry belongs to the dead")
	}
}
