package forget

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // G501: what somebody may have used
	"crypto/sha1" //nolint:gosec // G505: what somebody may have used
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Secret is something of which nothing may be left. Its Name is for reports.
type Secret struct {
	Name  string
	Value []byte
}

// Text returns the secret that a text is.
func Text(name, text string) Secret { return Secret{name, []byte(text)} }

// MinLength is the fewest bytes of a secret: shorter ones are found by chance.
const MinLength = 6

// needle is one form in which a secret may be found.
type needle struct {
	secret int // its index
	bytes  []byte
}

// needles returns all forms of all secrets.
func needles(secrets []Secret) ([]needle, error) {
	var all []needle
	for i, s := range secrets {
		seen := map[string]bool{}
		if len(s.Value) < MinLength {
			return nil, fmt.Errorf("%s has fewer than %d bytes, and would be found by chance", s.Name, MinLength)
		}
		for _, form := range forms(s.Value) {
			if !seen[string(form)] {
				seen[string(form)] = true
				all = append(all, needle{i, form})
			}
		}
	}
	return all, nil
}

// forms returns how v may be written: itself and its plain hashes.
func forms(v []byte) [][]byte {
	m, s1, s2, s5 := md5.Sum(v), sha1.Sum(v), sha256.Sum256(v), sha512.Sum512(v) //nolint:gosec // G401: see above
	var all [][]byte
	for _, b := range [][]byte{v, m[:], s1[:], s2[:], s5[:]} {
		low := hex.EncodeToString(b)
		all = append(all, b, []byte(low), []byte(strings.ToUpper(low)))
		for offset := range 3 {
			all = append(all, inBase64(base64.StdEncoding, b, offset), inBase64(base64.URLEncoding, b, offset))
		}
	}
	return slices.DeleteFunc(all, func(b []byte) bool { return len(b) < MinLength })
}

// inBase64 returns the part of b's base64 that does not depend on what stands
// around it, when it begins that many bytes after a multiple of three.
func inBase64(e *base64.Encoding, b []byte, offset int) []byte {
	text := []byte(e.EncodeToString(append(make([]byte, offset), b...)))
	first := (offset*8 + 5) / 6
	last := (offset + len(b)) * 8 / 6
	return text[first:max(first, last)]
}

// without returns text with what could tell a secret taken out.
func without(text string, all []needle) string {
	b := []byte(text)
	for _, n := range all {
		b = bytes.ReplaceAll(b, n.bytes, []byte("…"))
	}
	return strings.ToValidUTF8(string(b), "…")
}
