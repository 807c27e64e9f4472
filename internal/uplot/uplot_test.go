package uplot_test

import (
	"crypto/sha512"
	"encoding/base64"
	"strings"
	"testing"

	"i80.dk/sighej/internal/uplot"
)

// The sums are of the files in the published archive, whose own integrity the
// registry states.
func TestFilesAreAsPublished(t *testing.T) {
	for _, tt := range []struct{ name, text, sum string }{
		{"script", uplot.Script, "jfm4wrxgq73ZXFzyYPRmgfQd7yYjtsH57SzfgjpieX4rgnfHAMAZJgQ1YLTsc6HOX+1tnGjnkFuerbc8oI2mJg=="},
		{"style", uplot.Style, "xXYYvGoPqOjhMwkpkxWTDv7HvlyrkyEqzc4USFr/ZtBYC7eklE3DNBDccqiMj2VzRKSffZzeqVRckdYzJx9qfQ=="},
		{"licence", uplot.License, "Jq1RNLJNonsKli9o1tenKiBqppxMs3bElPMv2IfNU0bXwymuiMyRl4UQgH45VJTBR1OXaDEt3+Q+WPH1O+DNVQ=="},
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
	if first, _, _ := strings.Cut(uplot.Script, "\n"); !strings.Contains(first, "v"+uplot.Version+")") {
		t.Errorf("the script begins with %q, want version %s", first, uplot.Version)
	}
}

func TestFilesMayStandInAPage(t *testing.T) {
	if strings.Contains(strings.ToLower(uplot.Script), "</script") || strings.Contains(uplot.Script, "<!--") {
		t.Error("the script would end its own element")
	}
	if strings.Contains(strings.ToLower(uplot.Style), "</style") {
		t.Error("the style would end its own element")
	}
	if strings.Contains(uplot.License, "*/") || !strings.Contains(uplot.License, "MIT") {
		t.Error("the licence does not fit into a comment of the script")
	}
}
