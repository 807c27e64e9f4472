// Package storetest holds every store to what package persistence promises:
// [Sessions] for the session stores, [Statistics] for the stores of daily
// counts. What only one store does is tested beside it.
package storetest
