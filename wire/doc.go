// Package wire is the public contract in Go types: the JSON bodies of the HTTP
// API, the frames of the WebSocket and its close codes. Server and client share
// it, and OpenAPI and AsyncAPI are generated from it.
//
// It promises to encode and to decode strictly (an unknown field is an error).
// Whether a value makes sense is for the server to say.
package wire
