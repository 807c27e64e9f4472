//go:build demo

package webapp

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Files returns the files of the app, or nil when it was not built in.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("webapp: dist is not embedded") // the compiler embeds what is named above
	}
	return files
}
