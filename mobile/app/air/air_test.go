package air

import "testing"

func share(metres float64) (heard float64, mean float64) {
	const n = 2000
	a, sum := New(), 0
	for range n {
		if rssi, ok := a.Receive(metres); ok {
			heard++
			sum += rssi
		}
	}
	return heard / n, float64(sum) / max(heard, 1)
}

func TestReceive(t *testing.T) {
	if heard, mean := share(1); heard < 0.85 || heard > 0.95 || mean < -61 || mean > -58 {
		t.Errorf("at 1 m %.2f are heard, with %.1f dBm", heard, mean)
	}
	if heard, mean := share(5); heard < 0.85 || mean < -80 || mean > -77 {
		t.Errorf("at 5 m %.2f are heard, with %.1f dBm", heard, mean)
	}
	if heard, _ := share(40); heard != 0 {
		t.Errorf("at 40 m %.2f are heard", heard)
	}
}
