// Package htmx holds htmx and its extension for server-sent events, so that the
// pages of this module that use them work with no network at all. They are
// version 2.0.11 of the npm package "htmx.org" (https://htmx.org) and version 2.2.4
// of "htmx-ext-sse", files of their dist folders as they were published, both
// under the Zero-Clause BSD licence; the texts stand in LICENSE and LICENSE-sse.
//
// It only holds the text: how it gets to a page is the page's business.
package htmx

import _ "embed"

// Versions of the two, their own.
const (
	Version    = "2.0.11"
	SSEVersion = "2.2.4"
)

// Script defines the global htmx when it runs as a classic script.
//
//go:embed htmx.min.js
var Script string

// SSE adds the extension "sse" when it runs after [Script].
//
//go:embed sse.min.js
var SSE string

// License is htmx's.
//
//go:embed LICENSE
var License string

// SSELicense is the extension's.
//
//go:embed LICENSE-sse
var SSELicense string
