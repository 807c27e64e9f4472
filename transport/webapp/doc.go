// Package webapp serves the reference app as a page, for trying the system with
// no phone. The app is a build of its own (make demo): it is part of the binary
// only when that was built with the tag demo, and otherwise there is no such page.
package webapp
