// Package ble is what a phone knows of Bluetooth LE: the advertisement that bears
// its token, whether another phone is near, when a sighting is worth reporting
// again, how much its radio works, and when it takes a new token.
//
// The package is pure: it does no I/O, starts no goroutine, draws no random
// number and reads no clock. Times come in as arguments. Powers are in dBm as the
// radio tells them, from -127 to 20; 0 counts as not told.
package ble
