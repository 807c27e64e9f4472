// Package testbrowser gives tests a real browser, Debian's chromium, and tabs that
// note what a page that is alright does not do.
package testbrowser
