package ble

import "time"

// Bounds of the time between two tokens of a phone. The platforms change the
// radio's own random address about every 15 minutes (Bluetooth Core 5.4, Vol 3,
// Part C, Appendix A, TGAP(private_addr_int)); token and address have to change
// together, or the one that stays links the old other to the new one.
const (
	rotateLeast = 12 * time.Minute
	rotateMost  = 18 * time.Minute
)

// Rotation returns how long a phone keeps a token: 15 minutes on average, spread
// evenly by chance, a number from 0 up to 1. Without that spread, phones that
// registered together could be told by their changing together.
func Rotation(chance float64) time.Duration {
	chance = max(0, min(chance, 1))
	return rotateLeast + time.Duration(chance*float64(rotateMost-rotateLeast))
}
