package redisstore

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// encodeSession returns the fields and values of a new session.
func encodeSession(r persistence.Registration) ([]any, error) {
	categories, err := json.Marshal(append([]string{}, r.Categories...))
	if err != nil {
		return nil, sighej.Errorf(sighej.CodeInternal, "encoding a session: %w", err)
	}
	s := r.Session
	return []any{
		fieldID, s.ID.String(),
		fieldDigest, r.Digest(),
		fieldCategories, categories,
		fieldCreatedAt, s.CreatedAt.UTC().Format(timeFormat),
		fieldExpiresAt, s.ExpiresAt.UnixMilli(),
		fieldAccess, hex.EncodeToString(s.Access[:]),
		fieldInterests, encodeInterests(s.Interests),
		fieldOpen, encodeOpen(r.Open),
	}, nil
}

func encodeOpen(open bool) string {
	if open {
		return "1"
	}
	return "0"
}

func encodeInterests(hashes []sighej.InterestHash) string {
	raw := make([]byte, 0, 8*len(hashes))
	for _, h := range hashes {
		raw = binary.BigEndian.AppendUint64(raw, uint64(h))
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func decodeInterests(s string) ([]sighej.InterestHash, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") || len(raw)%8 != 0 {
		return nil, corrupt("interests")
	}
	hashes := make([]sighej.InterestHash, 0, len(raw)/8)
	for ; len(raw) > 0; raw = raw[8:] {
		hashes = append(hashes, sighej.InterestHash(binary.BigEndian.Uint64(raw)))
	}
	return hashes, nil
}
