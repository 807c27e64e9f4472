package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"i80.dk/sighej/internal/htmx"
	"i80.dk/sighej/internal/uplot"
)

// asset is a file of the page. Its path changes with its text, so that a browser
// may keep it.
type asset struct {
	contentType string
	text        string
}

const (
	script = "text/javascript; charset=utf-8"
	style  = "text/css; charset=utf-8"
	plain  = "text/plain; charset=utf-8"
)

var assets = map[string]asset{
	"page.css":  {style, read("page/page.css")},
	"page.js":   {script, read("page/page.js")},
	"plots.js":  {script, read("page/plots.js")},
	"icon.svg":  {"image/svg+xml", read("page/icon.svg")},
	"htmx.js":   {script, htmx.Script},
	"sse.js":    {script, htmx.SSE},
	"morph.js":  {script, htmx.Morph},
	"uplot.js":  {script, uplot.Script},
	"uplot.css": {style, uplot.Style},
	"licences.txt": {plain, "uPlot\n\n" + uplot.License + "\nhtmx\n\n" + htmx.License + "\nhtmx-ext-sse\n\n" + htmx.SSELicense +
		"\nidiomorph\n\n" + htmx.MorphLicense},
}

func read(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic("admin: " + err.Error())
	}
	return string(text)
}

// assetPath returns where the page finds a file.
func assetPath(name string) string {
	sum := sha256.Sum256([]byte(assets[name].text))
	return "/assets/" + hex.EncodeToString(sum[:6]) + "/" + name
}

// assetRoutes are open to everybody who may reach the listener: they are the same
// for all, and the log-in page needs some of them.
func assetRoutes(mux *http.ServeMux) {
	for name, a := range assets {
		mux.HandleFunc("GET "+assetPath(name), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", a.contentType)
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			_, _ = strings.NewReader(a.text).WriteTo(w)
		})
	}
}
