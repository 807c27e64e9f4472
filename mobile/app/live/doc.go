// Package live binds the app to what is real: the session of mobile/sdk, and the
// catalogue of the server.
package live
