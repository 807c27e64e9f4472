package sim

import "math"

// PowerAt returns what a packet is received with at a distance, in dBm: the path
// loss alone, without shadowing and fading. It is what a simulation of two phones
// needs that has no use for a [Medium].
func (c Config) PowerAt(metres float64) float64 {
	return c.Power - 10*c.Exponent*math.Log10(max(metres, near))
}
