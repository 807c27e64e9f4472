package adversary

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"i80.dk/sighej/interest"
	"i80.dk/sighej/internal/forget"
	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/persistence/pgstore"
	"i80.dk/sighej/persistence/redisstore"
	"i80.dk/sighej/server"
)

// A thief of all of Redis, of PostgreSQL and of SQLite's files, taken while people
// are matched, nudges wait and tokens change, learns no interest: no label of the
// catalogue or of their own, no plain hash of one, and no access token. Seen failing with
// a plain SHA-256 in place of the HMAC in package interest.
func TestADumpTellsNoInterest(t *testing.T) {
	r, p := testservers.Redis(t), testservers.Postgres(t)
	m := testmember.Start(t, func(o *server.Options) { o.RedisURL, o.DatabaseURL = r.URL(), p.URL() })
	catalogue := interest.Default().Entries()
	var access []string
	var before *phone
	labels := []string{"my own secret pastime"}
	for i := 0; i+10 <= len(catalogue); i += 10 {
		interests := labels[:1:1]
		for _, e := range catalogue[i : i+10] {
			interests = append(interests, e.Label)
		}
		q := register(t, m, interests...)
		if before != nil {
			q.matches(t, *before)
		}
		rotated := newToken()
		if a := send(t, m, request{method: "POST", path: "/session/rotate", bearer: q.access, body: `{"ble_token":"` + rotated + `"}`}); a.status != 200 {
			t.Fatalf("%+v", a)
		}
		before, access = &q, append(access, q.access)
	}
	for _, e := range catalogue {
		labels = append(labels, e.Label)
	}
	await(t, "the statistics in PostgreSQL", func() bool {
		rows := 0
		err := pgstore.Dump(t.Context(), p.URL(), func(table, _ string) error {
			if strings.Contains(table, "category") {
				rows++
			}
			return nil
		})
		return err == nil && rows > 0
	})

	alone := testmember.Start(t, nil)
	q := register(t, alone, labels[1], labels[0])
	access = append(access, q.access)
	d := forget.Deployment{RedisURL: r.URL(), DatabaseURL: p.URL(), Files: forget.SQLiteFiles(alone.Options.DataDir + "/statistics.db")}
	all := dumped(t, d)
	for _, label := range labels {
		for _, form := range formsOf(label) {
			if bytes.Contains(all, form) {
				t.Errorf("%q is told, as %q", label, form)
			}
		}
	}
	for _, there := range []string{"stats:", "partition:", "access_hash", "n:", "m:", "former", "SQLite format 3", "tech"} {
		if !bytes.Contains(all, []byte(there)) {
			t.Errorf("this is no dump of all: it lacks %q", there)
		}
	}
	for _, a := range access {
		if bytes.Contains(all, []byte(a)) || bytes.Contains(all, []byte(strings.TrimPrefix(a, "sj_"))) {
			t.Error("an access token is told")
		}
	}
}

// formsOf is how a label may be written, and what eight bytes of its plain hashes
// are in any notation. A label that is a part of a category's name stands there for
// that, and a short one by chance; of these the hashes count.
func formsOf(label string) (forms [][]byte) {
	if len(label) >= 8 && !strings.Contains(categories(), label) {
		forms = append(forms, []byte(label))
	}
	text := []byte(label)
	m, s1, s2, s5 := md5.Sum(text), sha1.Sum(text), sha256.Sum256(text), sha512.Sum512(text)
	for _, sum := range [][]byte{m[:8], s1[:8], s2[:8], s5[:8]} {
		little := slices.Clone(sum)
		slices.Reverse(little)
		for _, b := range [][]byte{sum, little} {
			forms = append(forms, b, []byte(hex.EncodeToString(b)), []byte(strings.ToUpper(hex.EncodeToString(b))))
			for offset := range 3 { // wherever it stands in a longer text in base64
				text := base64.URLEncoding.EncodeToString(append(make([]byte, offset), b...))
				forms = append(forms, []byte(text[(offset*8+5)/6:(offset+len(b))*8/6]))
			}
		}
	}
	return forms
}

// categories are all their names.
var categories = sync.OnceValue(func() string {
	var names strings.Builder
	for _, e := range interest.Default().Entries() {
		names.WriteString(e.Category + "\n")
	}
	return names.String()
})

// dumped is all that is kept, one after the other.
func dumped(t *testing.T, d forget.Deployment) []byte {
	var all bytes.Buffer
	err := redisstore.Dump(t.Context(), d.RedisURL, func(e redisstore.Entry) error {
		all.WriteString(e.Key + "\n" + strings.Join(e.Values, "\n") + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := pgstore.Dump(t.Context(), d.DatabaseURL, func(_, row string) error { all.WriteString(row + "\n"); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, name := range d.Files {
		text, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.Bytes()
}
