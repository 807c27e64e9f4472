// Package transport is the HTTP API: the public contract of package wire on
// net/http, its OpenAPI and AsyncAPI documents and the page that shows them.
// The WebSocket endpoint, package ws below, is mounted in it.
//
// It promises that every refusal is problem+json with a stable code, whatever
// part refused; that one 422 names every field that is not acceptable; and that
// neither a token, an access token nor a label reaches a log line or an error.
//
// It knows nothing of sessions: who may do what, and what comes of it, is for
// the [Sessions] behind it to say.
package transport
