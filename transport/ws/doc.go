// Package ws is the WebSocket endpoint: it takes upgrades, frames, reads,
// writes, pings and closes connections, and knows nothing of what their frames
// mean.
//
// It promises that nobody who sends waits for a phone: frames go into a bounded
// queue per connection, and a small pool drains the queues with one write for
// all that waits. A full queue, or a write that is stuck for too long, closes
// that connection and harms no other. An idle connection holds no buffer and no
// timer, only a goroutine of the smallest stack that waits for bytes.
//
// It decodes the frames of a client, by form and not by content, and hands them
// to a [Connection]; it does not count them, answer them or keep any of them.
// Compression is not offered: at these sizes it only costs.
package ws
