// Package doctor looks at what a member with certain settings would need: its
// stores, ports, files, limits, keys and certificates. It tells in plain words
// what it found and what to mend, and changes nothing that lasts.
package doctor
