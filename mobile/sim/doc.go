// Package sim is a simulator of Bluetooth LE advertising and scanning: given
// where phones are and what state their radios are in, it tells which of them
// hear which others, how strongly and when.
//
// It is a model, not a radio. Powers come from log-distance path loss with
// log-normal shadowing, chances from advertising intervals and scan windows.
// It does not model channels, collisions, connections, payloads or walls;
// [Config.Loss] stands for whatever else keeps a packet from arriving.
//
// The same seed gives the same hearings, on one processor architecture (another
// may round differently): every random number is a function of
// the seed, the phones concerned and the simulated time, so it does not matter
// which other phones exist, in which order they are looked at, or what else the
// program draws. The package reads no clock, starts no goroutine and does no
// I/O. Distances are in metres, powers in dBm, losses in dB.
package sim
