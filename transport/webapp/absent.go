//go:build !demo

package webapp

import "io/fs"

// Files returns the files of the app, or nil when it was not built in.
func Files() fs.FS { return nil }
