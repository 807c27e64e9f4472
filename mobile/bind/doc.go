// Package bind is where package sdk is bound from. It is in a module of its own,
// which pins gobind and what its output is compiled against, since the server needs
// neither: run gomobile and gobind in this folder.
package bind

import (
	_ "golang.org/x/mobile/bind" // what the generated code imports
	_ "i80.dk/sighej/mobile/sdk" // what is bound
)
