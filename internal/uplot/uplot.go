// Package uplot holds uPlot, the plotter of the pages that this module makes, so
// that they work with no network at all. It is version 1.6.32 of the npm package
// "uplot" (https://github.com/leeoniya/uPlot), the files of its dist folder as
// they were published, under the MIT licence that stands in LICENSE.
//
// It only holds the text: how it gets into a page is the page's business. A page
// that carries Script carries the [License] too.
package uplot

import _ "embed"

// Version is uPlot's own.
const Version = "1.6.32"

// Script defines the global uPlot when it runs as a classic script. It contains
// no "</script", so that it may stand in a page as it is.
//
//go:embed uPlot.iife.min.js
var Script string

// Style is the style sheet without which a plot has no shape. It contains no
// "</style".
//
//go:embed uPlot.min.css
var Style string

// License is the text that has to go wherever Script goes.
//
//go:embed LICENSE
var License string
