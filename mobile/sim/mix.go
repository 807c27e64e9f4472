package sim

import "math"

// Streams keep draws for different purposes apart.
const (
	streamPhone = iota + 1
	streamShadow
	streamEpoch
	streamScan
	streamPacket
	streamReceive
)

// odd is 2^64 divided by the golden ratio: multiples of it are spread evenly.
const odd = 0x9e3779b97f4a7c15

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", 2014): a bijection in which every bit of x
// moves about half of the bits of the result.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// draw is the n-th number that key has for a purpose.
func draw(key uint64, stream, n int64) uint64 {
	return mix(mix(key+uint64(stream)*odd) + uint64(n)*odd)
}

// below maps a draw to 0..n-1.
func below(draw uint64, n int64) int64 {
	return int64(float64(draw>>11) / (1 << 53) * float64(n))
}

// Normal numbers are looked up by the highest bits of a draw.
const (
	normalBits = 11
	tail       = 3 // standard deviations; what lies beyond is cut off
)

// normals is a table of quantiles: its n-th of N entries is the one at
// (n+1/2)/N of the normal distribution between -tail and tail.
type normals [1 << normalBits]float32

func newNormals(sigma float64) *normals {
	var t normals
	inside := math.Erf(tail / math.Sqrt2)
	for i := range t {
		p := (float64(i)+0.5)/float64(len(t))*2 - 1
		t[i] = float32(sigma * math.Sqrt2 * math.Erfinv(p*inside))
	}
	return &t
}

func (t *normals) at(draw uint64) float32 { return t[draw>>(64-normalBits)] }

// most is above everything in the table.
func most(sigma float64) float64 { return tail * sigma }
