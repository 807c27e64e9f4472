// Package ui draws the reference app and takes its taps. [App] lays the screens
// of a [model.State] out with Gio; it opens no window, so that a test drives it
// through an input.Router and a picture needs no screen.
//
// Looks follow Material Design 3: its colour roles, type scale and 48 dp touch
// targets. Each control has a semantic class and label. Text grows with the
// system's text size, up to twice its own.
package ui
