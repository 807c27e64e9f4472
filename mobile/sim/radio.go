package sim

import "math"

const (
	near     = 0.1 // metres; nearer, a packet is as strong as here
	perTwice = 128 // entries of the path loss table per doubling of the squared distance: 0.1 dB at the most
	mantissa = 52 - 7
)

// radio answers what a Config means for one packet, from tables.
type radio struct {
	reach   float64 // metres beyond which nothing is heard, shadowing and fading at their best
	floor   float32 // dBm
	slack   float32 // the most that fading adds, dB
	lost    uint64  // of 2^32 packets
	shadow  *normals
	fade    *normals
	power   []float32 // dBm by squared distance, see powerAt
	first   uint64    // what power[0] stands for
	perTen  float64   // dB per tenfold distance
	atMetre float64   // dBm
}

func newRadio(c Config) *radio {
	r := &radio{
		floor:   float32(c.Sensitivity),
		slack:   float32(most(c.Fading)),
		lost:    uint64(c.Loss * (1 << 32)),
		shadow:  newNormals(c.Shadowing),
		fade:    newNormals(c.Fading),
		first:   math.Float64bits(near*near) >> mantissa,
		perTen:  10 * c.Exponent,
		atMetre: c.Power,
	}
	// The hundredth of a dB makes up for tables of float32.
	budget := c.Power + most(c.Shadowing) + most(c.Fading) - c.Sensitivity + 0.01
	if reach := math.Pow(10, budget/r.perTen); reach >= near {
		r.reach = reach
	}
	r.fill()
	return r
}

// fill computes the path loss. An entry holds the power at the far end of the
// distances that it stands for, so that no phone beyond reach is ever heard.
func (r *radio) fill() {
	last := math.Float64bits(math.Max(r.reach*r.reach, near*near)) >> mantissa
	r.power = make([]float32, last-r.first+1)
	for i := range r.power {
		far := math.Float64frombits((r.first + uint64(i) + 1) << mantissa)
		r.power[i] = float32(r.atMetre - r.perTen/2*math.Log10(far))
	}
}

// reachWith is the reach of a packet that loses something on its way.
func (r *radio) reachWith(loss float32) float64 {
	return r.reach * math.Pow(10, -float64(loss)/r.perTen)
}

// powerAt returns the power at a squared distance, without shadowing. The table
// is indexed by the exponent and the first bits of the fraction of the float,
// which makes its steps even in dB.
func (r *radio) powerAt(squared float64) float32 {
	i := math.Float64bits(max(squared, near*near))>>mantissa - r.first
	return r.power[min(i, uint64(len(r.power)-1))]
}

// dBm rounds to what a receiver tells. 0 is left out: it often means that the
// strength is not known.
func dBm(power float32) int8 {
	return int8(math.Round(float64(max(-127, min(power, -1)))))
}
