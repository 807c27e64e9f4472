// Package phone is a phone in a program: what `sighej phone`, the tests and the
// load suites hold in their hand. It registers a session, keeps its WebSocket
// connected, acknowledges nudges and reports sightings.
//
// It knows the public contract only (package wire) and never the server. It has
// no radio: whoever uses it says which tokens were heard. It keeps no nudge: the
// server's outbox does, until OnNudge has returned.
package phone
