package wire

import (
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
	dst = n.At.AppendFormat(dst, time.RFC3339Nano)
	return append(dst, `"}`...)
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

// appendString appends s quoted. What needs escaping is left to encoding/json.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return append(dst, Encode(s)...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
