// Package docs is the page that shows the contract. Everything on it comes out of
// this binary: it works offline and asks no other host for anything.
package docs

import (
	"embed"
	"net/http"
	"path"

	"i80.dk/sighej/transport/asset"
)

//go:embed page.html page.css page.js assets/swagger-ui.css assets/swagger-ui-bundle.js assets/favicon-32x32.png assets/LICENSE assets/NOTICE
var files embed.FS

// policy lets the page load and call its own host only, and run no script that
// stands in the page itself. Swagger UI shows icons from data: URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// served are the files below the page, by the name in their address. What comes
// with Swagger UI changes only with a release.
var served = map[string]*asset.Asset{
	"page.css":             file("page.css", "text/css; charset=utf-8", asset.Revalidate),
	"page.js":              file("page.js", "text/javascript; charset=utf-8", asset.Revalidate),
	"swagger-ui.css":       file("assets/swagger-ui.css", "text/css; charset=utf-8", asset.Long),
	"swagger-ui-bundle.js": file("assets/swagger-ui-bundle.js", "text/javascript; charset=utf-8", asset.Long),
	"favicon-32x32.png":    file("assets/favicon-32x32.png", "image/png", asset.Long),
	"LICENSE":              file("assets/LICENSE", "text/plain; charset=utf-8", asset.Long),
	"NOTICE":               file("assets/NOTICE", "text/plain; charset=utf-8", asset.Long),
}

var page = file("page.html", "text/html; charset=utf-8", asset.Revalidate)

// Page returns the handler of the page itself, at /docs.
func Page() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		page.ServeHTTP(w, r)
	})
}

// Files returns the handler of what the page loads, at /docs/{file}. What is not
// there is for missing to answer.
func Files(missing func(http.ResponseWriter)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := served[r.PathValue("file")]
		if !ok {
			missing(w)
			return
		}
		f.ServeHTTP(w, r)
	})
}

func file(name, contentType, cacheControl string) *asset.Asset {
	b, err := files.ReadFile(name)
	if err != nil {
		panic("docs: " + path.Base(name) + " is not embedded") // the compiler embeds what is named above
	}
	return asset.New(b, contentType, cacheControl)
}
