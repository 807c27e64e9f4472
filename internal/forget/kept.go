package forget

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"i80.dk/sighej/persistence/redisstore"
)

// Kept returns all that Redis holds of the live session with a token and that
// could tell it from another one: ids, hashes, its interests as they are at rest,
// its nudges and its pairs. Times, numbers and categories, which many share, are
// none of it. It reads all of Redis and blocks.
func Kept(ctx context.Context, redisURL, token string) ([]Secret, error) {
	var kept []Secret
	err := redisstore.Dump(ctx, redisURL, func(e redisstore.Entry) error {
		if e.Type == "hash" && strings.HasSuffix(e.Key, ":"+token) {
			for i := 0; i+1 < len(e.Values); i += 2 {
				kept = append(kept, ofField(e.Values[i], e.Values[i+1])...)
			}
		}
		return nil
	})
	return kept, err
}

// ofField returns what is telling in a field of a session and in its value.
func ofField(field, value string) (all []Secret) {
	if field == "interest_categories" {
		return nil
	}
	name, rest, named := strings.Cut(field, ":")
	if named && telling(rest) {
		all = append(all, Text("name of a field "+name+":", rest))
	}
	for part := range strings.FieldsSeq(value) {
		if telling(part) {
			all = append(all, Text("value of a field "+name, part))
		}
		if name == "interests" {
			all = append(all, hashes(part)...)
		}
	}
	return all
}

// hashes returns each of the keyed hashes in a list of them.
func hashes(list string) (all []Secret) {
	raw, err := base64.RawURLEncoding.DecodeString(list)
	if err != nil {
		return nil
	}
	const size = 8
	for ; len(raw) >= size; raw = raw[size:] {
		all = append(all, Secret{"keyed hash of an interest", raw[:size:size]})
	}
	return all
}

// telling reports whether few others have the same.
func telling(part string) bool {
	_, notNumber := strconv.ParseInt(part, 10, 64)
	_, notTime := time.Parse(time.RFC3339, part)
	return len(part) >= MinLength && notNumber != nil && notTime != nil
}

// Except returns the secrets whose value is none of the others': what two sessions
// have in common is not gone with the first of them.
func Except(secrets, others []Secret) (own []Secret) {
	shared := map[string]bool{}
	for _, s := range others {
		shared[string(s.Value)] = true
	}
	for _, s := range secrets {
		if !shared[string(s.Value)] {
			own = append(own, s)
		}
	}
	return own
}
