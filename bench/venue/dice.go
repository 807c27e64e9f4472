package venue

// dice is a small generator of random numbers (SplitMix64: Steele, Lea and
// Flood, "Fast splittable pseudorandom number generators", 2014). Every person
// has one, so nobody's way depends on who else is there.
type dice uint64

// diceOf returns the dice of the n-th person or thing of a kind.
func diceOf(seed uint64, kind byte, n int) dice {
	d := dice(seed)
	d = dice(d.roll()) + dice(kind)
	d = dice(d.roll()) + dice(n)
	return dice(d.roll())
}

// Kinds of dice.
const (
	ofHotspots = 'h'
	ofPeople   = 'p'
	ofPhones   = 'r'
)

func (d *dice) roll() uint64 {
	*d += 0x9e3779b97f4a7c15
	x := uint64(*d)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// share is uniform in [0, 1).
func (d *dice) share() float64 { return float64(d.roll()>>11) / (1 << 53) }

// between is uniform in [low, high).
func (d *dice) between(low, high float64) float64 { return low + (high-low)*d.share() }
