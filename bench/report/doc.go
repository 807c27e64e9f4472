// Package report holds what a bench run measured and shows it: as JSON, as a
// table on a terminal, as one self-contained page, and two of them side by side.
// It measures nothing itself.
package report
