// Package htmx holds htmx, its extension for server-sent events and the one for
// morphing, so that the pages of this module that use them work with no network at
// all. They are version 2.0.11 of the npm package "htmx.org" (https://htmx.org),
// version 2.2.4 of "htmx-ext-sse" and version 0.8.0 of "idiomorph", files of their
// dist folders as they were published, all under the Zero-Clause BSD licence; the
// texts stand in the files LICENSE.
//
// It only holds the text: how it gets to a page is the page's business.
package htmx

import _ "embed"

// Versions of the three, their own.
const (
	Version      = "2.0.11"
	SSEVersion   = "2.2.4"
	MorphVersion = "0.8.0"
)

// Script defines the global htmx when it runs as a classic script.
//
//go:embed htmx.min.js
var Script string

// SSE adds the extension "sse" when it runs after [Script].
//
//go:embed sse.min.js
var SSE string

// Morph adds the extension "morph" when it runs after [Script]: swaps that change
// what is there instead of putting it in anew.
//
//go:embed morph.min.js
var Morph string

// License is htmx's.
//
//go:embed LICENSE
var License string

// SSELicense is that of the extension for server-sent events.
//
//go:embed LICENSE-sse
var SSELicense string

// MorphLicense is that of the extension for morphing.
//
//go:embed LICENSE-morph
var MorphLicense string
