// Package sdk is the phone side of SigHej for apps: gomobile binds it to Kotlin
// (or Java) and Swift (or Objective-C). The app brings the radio and the screen:
// it implements [Radio] and [Listener], gives both to [NewClient], and tells the
// client what the radio hears. The client does the rest: it registers, keeps the
// connection, tells the server what was heard, changes its token, and hands over
// nudges.
//
// All methods may be called on any thread; none but Stop waits for anything. All
// calls to Radio and Listener come one at a time and in order, never on the main
// thread and not always on the same one. No panic of Go crosses into the app.
//
// Nothing is written to a disk: neither the interests nor a nudge. After Stop
// nothing is kept.
//
// Constants, text and numbers are all there is on this border: the binding has
// no lists. So interests are one text with a line for each: a label cannot hold a
// line break, the text is complete or not there, and an app joins and splits it
// with one call.
package sdk
