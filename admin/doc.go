// Package admin is the internal listener: what operators may see of a member
// and no phone may. It shows anonymous counts only; no token, session id or
// interest of a person is anywhere in it.
package admin
