package webapp

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"i80.dk/sighej/transport/asset"
)

// Policy lets the page load and call its own host only, run no script that stands
// in the page itself, and compile WebAssembly.
const Policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// contentTypes are those of the files that an app may consist of.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".wasm": "application/wasm",
}

// New returns the handler of /app/{file...}: index.html, and the files beside it.
// A file that ends with .gz is served as what it is without that. What is not
// there is for missing to answer. It fails on a file of an unknown kind, and
// without index.html.
func New(files fs.FS, missing func(http.ResponseWriter)) (http.Handler, error) {
	served, err := assets(files)
	if err != nil {
		return nil, err
	}
	if served["index.html"] == nil {
		return nil, fmt.Errorf("webapp: there is no index.html")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("file")
		if name == "" {
			name = "index.html"
		}
		f, ok := served[name]
		if !ok {
			missing(w)
			return
		}
		w.Header().Set("Content-Security-Policy", Policy)
		f.ServeHTTP(w, r)
	}), nil
}

func assets(files fs.FS) (map[string]*asset.Asset, error) {
	served := map[string]*asset.Asset{}
	return served, fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		plain, packed := strings.CutSuffix(name, ".gz")
		contentType, ok := contentTypes[path.Ext(plain)]
		if !ok {
			return fmt.Errorf("webapp: %s is of no known kind", name)
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("webapp: %w", err)
		}
		if packed {
			served[plain], err = asset.NewPacked(b, contentType, asset.Revalidate)
			return err
		}
		served[plain] = asset.New(b, contentType, asset.Revalidate)
		return nil
	})
}
