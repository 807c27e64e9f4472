// Package demo has no code: its test runs the app in a real browser, two tabs as
// two phones, against a real member that the app was built into (make app).
package demo
