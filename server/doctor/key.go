package doctor

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"

	"i80.dk/sighej/server"
)

const (
	fewBits  = 100 // that a key should take to guess, as far as its characters tell
	freshKey = "Stop all members and give them a new one: openssl rand -base64 32."
)

func (r *Report) interestKey(o server.Options) {
	const check = "interest key"
	switch key := o.InterestKey; {
	case key == "":
		r.ownKey(filepath.Join(o.DataDir, "interest.key"))
	case strings.Contains(key, "characters-that-nobody-guesses"):
		r.fault(check, "Whoever sees Redis can guess all interests. "+freshKey, "INTEREST_KEY is the example from .env.example")
	case strength(key) < fewBits:
		r.fault(check, "Whoever sees Redis can guess all interests. "+freshKey, "INTEREST_KEY repeats itself too much to be random")
	case !strings.ContainsFunc(key, unicode.IsDigit):
		r.warn(check, "If somebody made it up, it can be guessed, and with it all interests in Redis. "+freshKey,
			"INTEREST_KEY has no digit, so it does not look random")
	default:
		r.ok(check, "looks random")
	}
}

// ownKey looks at the file in which a member keeps the key that it drew.
func (r *Report) ownKey(path string) {
	info, err := os.Stat(path)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		r.fault("interest key", "A member refuses it: chmod 600, or remove it for a new one.", "%s may be read by others", path)
		return
	}
	r.ok("interest key", "this member's own, in %s", path)
}

// strength estimates, from above, how many bits it takes to guess a key: the
// entropy of its characters' frequencies, times its length without repetitions.
func strength(key string) float64 {
	text := []rune(key)
	text = text[:period(text)]
	counts := map[rune]float64{}
	for _, c := range text {
		counts[c]++
	}
	var bits float64
	for _, n := range counts {
		bits += n * math.Log2(float64(len(text))/n)
	}
	return bits
}

// period is after how many characters a text repeats itself; its length if it
// does not.
func period(text []rune) int {
next:
	for p := 1; p < len(text); p++ {
		for i := p; i < len(text); i++ {
			if text[i] != text[i-p] {
				continue next
			}
		}
		return p
	}
	return len(text)
}
