package sim

import "time"

// schedule tells when the radios of one tick send and listen.
type schedule struct {
	packets []time.Duration // of all advertisers, each one's together and in order
	windows []span          // of the scanner at hand
}

// span is from when on until before when.
type span struct{ from, to time.Duration }

// send appends the packets of a phone that fall in the tick and returns their
// range.
//
// Every interval has one packet, anywhere in it. Real packets are an interval
// and 0 to 10 ms apart (advDelay: Bluetooth Core 5.4, Vol 6, Part B, 4.4.2.2.1),
// so that against the windows of a scanner they drift over the whole interval in
// the course of a minute; this has the same rate and the same end without a
// state to keep.
func (s *schedule) send(key uint64, every time.Duration, tick span) (first, last int32) {
	first = int32(len(s.packets))
	for n := int64(tick.from / every); ; n++ {
		slot := time.Duration(n) * every
		if slot >= tick.to {
			return first, int32(len(s.packets))
		}
		at := slot + time.Duration(below(draw(key, streamPacket, n), int64(every)))
		if at >= tick.from && at < tick.to {
			s.packets = append(s.packets, at)
		}
	}
}

// listen sets the parts of the tick in which a phone listens. Each phone has a
// phase of its own.
func (s *schedule) listen(key uint64, d Duty, tick span) {
	s.windows = s.windows[:0]
	if d.ScanWindow == 0 {
		return
	}
	phase := time.Duration(below(draw(key, streamScan, 0), int64(d.ScanInterval)))
	since := (tick.from - phase) % d.ScanInterval
	if since < 0 {
		since += d.ScanInterval
	}
	for start := tick.from - since; start < tick.to; start += d.ScanInterval {
		if w := (span{max(start, tick.from), min(start+d.ScanWindow, tick.to)}); w.from < w.to {
			s.windows = append(s.windows, w)
		}
	}
}
