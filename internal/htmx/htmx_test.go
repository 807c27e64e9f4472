package htmx_test

import (
	"crypto/sha512"
	"encoding/base64"
	"strings"
	"testing"

	"i80.dk/sighej/internal/htmx"
)

// The sums are of the files in the published archives, whose own integrity the
// registry states.
func TestFilesAreAsPublished(t *testing.T) {
	for _, tt := range []struct{ name, text, sum string }{
		{"script", htmx.Script, "YdHy6FzjD4qoyI/yWGIbsKnJHe98r96np9XeYp3ovFL+0sNP/NbDrYlSLDr5a6Ndi5sRi9GgJj+suE7yLeUMNQ=="},
		{"licence", htmx.License, "kRf+Kdn0W+I2iWY4TpIw1y3lz98ecu581O8HegVrmPQcLoPblHkESM6APUBCxasf6e3BOloQKZ4LQ5vNw/Q0Mw=="},
		{"extension", htmx.SSE, "g1d5evpkeVgNZTlMiK00e3k83OBUHaXrpi+fYX6A/uV1KHtAVsQw8DhVvEU6F9ZOJV/cuKLlqs+dxtQ56KI1RQ=="},
		{"its licence", htmx.SSELicense, "6nh2l3nYpFwlHfW01sFjLQdFF3hgemMgRTGufoZaEW+5T0wjP7ygRLJafjMuQ4MGSEJiHOHN9xxYdNbOjRtquw=="},
		{"morphing", htmx.Morph, "Vd0W/PIhli0f3FhV5xng30ZgppFPVthy1DZuLFK68em5TWCvvVc6/vVWxHC3xYLQhiHZczo+9LpPtxjpHHdZCA=="},
		{"morphing's licence", htmx.MorphLicense, "kRf+Kdn0W+I2iWY4TpIw1y3lz98ecu581O8HegVrmPQcLoPblHkESM6APUBCxasf6e3BOloQKZ4LQ5vNw/Q0Mw=="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sum := sha512.Sum512([]byte(tt.text))
			if got := base64.StdEncoding.EncodeToString(sum[:]); got != tt.sum {
				t.Errorf("sha512 is %s, want %s", got, tt.sum)
			}
		})
	}
}

func TestVersionIsTheOneInTheScript(t *testing.T) {
	if !strings.Contains(htmx.Script, `version:"`+htmx.Version+`"`) {
		t.Errorf("the script is not of version %s", htmx.Version)
	}
}
