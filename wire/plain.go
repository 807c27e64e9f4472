package wire

import (
	"strings"

	"i80.dk/sighej"
)

// ParsePlainMatchRequest reads a [MatchRequest] that is written plainly, as phones
// write it: an object with the known fields, each once, no escapes in strings and
// no fraction or exponent in a number, every value acceptable to the schema. It
// reports false for anything else, which may be acceptable all the same: the
// schema decides that. The tokens share body's memory.
func ParsePlainMatchRequest(body string) (r MatchRequest, ok bool) {
	s := plain{rest: body}
	s.expect('{')
	for !s.failed {
		switch key := s.text(); {
		case key == "own_token" && r.OwnToken == "":
			s.expect(':')
			r.OwnToken = s.token()
		case key == "detected_token" && r.DetectedToken == "":
			s.expect(':')
			r.DetectedToken = s.token()
		case key == "rssi" && r.RSSI == nil:
			s.expect(':')
			r.RSSI = s.rssi()
		default:
			s.failed = true
		}
		if !s.next(',') {
			break
		}
	}
	s.expect('}')
	ok = !s.failed && s.trimmed() == "" && r.OwnToken != "" && r.DetectedToken != ""
	return r, ok
}

// plain reads JSON that is written plainly. Once it has failed it stays so.
type plain struct {
	rest   string
	failed bool
}

func (s *plain) trimmed() string {
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\n' || s.rest[0] == '\r' || s.rest[0] == '\t') {
		s.rest = s.rest[1:]
	}
	return s.rest
}

// next takes c if it comes next.
func (s *plain) next(c byte) bool {
	if rest := s.trimmed(); rest == "" || rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *plain) expect(c byte) {
	if !s.next(c) {
		s.failed = true
	}
}

// text takes a string up to its closing quote. A backslash in it stands for no
// token and no known key, so whoever asks refuses it.
func (s *plain) text() string {
	s.expect('"')
	text, rest, closed := strings.Cut(s.rest, `"`)
	if !closed {
		s.failed = true
	}
	s.rest = rest
	return text
}

func (s *plain) token() string {
	token := s.text()
	if !sighej.ValidToken(token) {
		s.failed = true
	}
	return token
}

// rssi takes a whole number within the bounds.
func (s *plain) rssi() *int {
	negative := s.next('-')
	digits, n := 0, 0
	for ; digits < len(s.rest) && digits < 3 && s.rest[digits] >= '0' && s.rest[digits] <= '9'; digits++ {
		n = 10*n + int(s.rest[digits]-'0')
	}
	if digits == 0 || s.rest[0] == '0' {
		s.failed = true // a zero may begin a number that is none
		return nil
	}
	s.rest = s.rest[digits:]
	if negative {
		n = -n
	}
	if n < MinRSSI || n > MaxRSSI {
		s.failed = true
	}
	return &n
}
