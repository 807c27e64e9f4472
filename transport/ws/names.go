package ws

import (
	"bytes"
	"encoding/json"
)

// plainNames reports whether the objects of a frame have the contract's names,
// written as it writes them, and each once. The frame must have been decoded:
// encoding/json refuses other names, but takes these in any case and of two
// that are the same the last.
func plainNames(text []byte) bool {
	var seen, outside uint // names of the innermost object, and of the one around it; there are no more than two
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			seen, outside = 0, seen
		case '}':
			seen = outside
		case '"':
			end := closingQuote(text, i)
			if isName(text[end+1:]) {
				bit := nameBit(text[i : end+1])
				if bit == 0 || seen&bit != 0 {
					return false
				}
				seen |= bit
			}
			i = end
		}
	}
	return true
}

// closingQuote returns where the string that begins at i ends.
func closingQuote(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// isName reports whether a string is a name, by what follows it.
func isName(after []byte) bool {
	after = bytes.TrimLeft(after, " \t\r\n")
	return len(after) > 0 && after[0] == ':'
}

// nameBit returns a bit for each name that a frame or a sighting has, given
// with its quotes, and 0 for any other.
func nameBit(quoted []byte) uint {
	switch string(quoted) {
	case `"type"`:
		return 1 << 0
	case `"ref"`:
		return 1 << 1
	case `"tokens"`:
		return 1 << 2
	case `"sightings"`:
		return 1 << 3
	case `"id"`:
		return 1 << 4
	case `"value"`:
		return 1 << 5
	case `"token"`:
		return 1 << 6
	case `"rssi"`:
		return 1 << 7
	case `"seen_at"`:
		return 1 << 8
	}
	return escapedNameBit(quoted)
}

// escapedNameBit is for a name with characters written as \u0074 and the like.
func escapedNameBit(quoted []byte) uint {
	var name string
	if !bytes.ContainsRune(quoted, '\\') || json.Unmarshal(quoted, &name) != nil {
		return 0
	}
	plain, err := json.Marshal(name)
	if err != nil || bytes.ContainsRune(plain, '\\') {
		return 0
	}
	return nameBit(plain)
}
