package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// AppendNudge appends n as JSON, as [Encode] would. The nudge is the frame that
// is sent most, and encoding/json costs four times as much.
func AppendNudge(dst []byte, n Nudge) []byte {
	dst = append(dst, `{"type":"nudge","id":`...)
	dst = appendString(dst, n.ID)
	dst = appendShared(dst, n.SharedInterests, n.Message)
	dst = append(dst, `,"at":"`...)
	dst = append(n.At.AppendFormat(dst, time.RFC3339Nano), '"')
	if n.Reveals != "" {
		dst = append(dst, `,"reveals":`...)
		dst = appendString(dst, n.Reveals)
	}
	return append(dst, '}')
}

// AppendBareNudge appends n as JSON, as [Encode] would.
func AppendBareNudge(dst []byte, n BareNudge) []byte {
	dst = append(dst, `{"type":"nudge"`...)
	return append(appendShared(dst, n.SharedInterests, n.Message), '}')
}

func appendShared(dst []byte, labels []string, message string) []byte {
	dst = append(dst, `,"shared_interests":[`...)
	for i, label := range labels {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, label)
	}
	dst = append(dst, `],"message":`...)
	return appendString(dst, message)
}

// AppendMatchResult appends r as JSON, as encoding/json would without escaping
// HTML.
func AppendMatchResult(dst []byte, r MatchResult) []byte {
	dst = append(dst, `{"match":`...)
	dst = strconv.AppendBool(dst, r.Match)
	dst = append(dst, `,"shared_interests":[`...)
	for i, label := range r.SharedInterests {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendLabel(dst, label)
	}
	dst = append(dst, `],"nudge_sent":`...)
	dst = strconv.AppendBool(dst, r.NudgeSent)
	return append(dst, '}')
}

func appendLabel(dst []byte, s string) []byte {
	if printable(s) {
		return appendQuoted(dst, s)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return append(dst, bytes.TrimRight(b.Bytes(), "\n")...)
}

// appendString appends s quoted. What needs escaping is left to encoding/json.
func appendString(dst []byte, s string) []byte {
	if printable(s) && !strings.ContainsAny(s, "<>&") {
		return appendQuoted(dst, s)
	}
	return append(dst, Encode(s)...)
}

// printable reports whether s is ASCII that JSON writes as it is.
func printable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
