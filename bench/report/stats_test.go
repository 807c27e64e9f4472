package report

import (
	"math"
	"testing"
)

// within fails unless got is want, but for a rounding error in the last digits
// that were worked out by hand.
func within(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 5e-4*math.Max(1, math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Every entry of the table is where Student's density has 97.5 % below it.
func TestStudentTableAgainstTheDensity(t *testing.T) {
	check := func(q, freedom float64) {
		if below := studentBelow(q, freedom); math.Abs(below-0.975) > 5e-5 {
			t.Errorf("below %v with %v degrees of freedom there is %v", q, freedom, below)
		}
	}
	for i, q := range student {
		check(q, float64(i+1))
	}
	for _, b := range studentBeyond {
		check(b.quantile, b.from)
	}
}

// studentBelow integrates the density from 0 to q by Simpson's rule.
func studentBelow(q, freedom float64) float64 {
	up, _ := math.Lgamma((freedom + 1) / 2)
	down, _ := math.Lgamma(freedom / 2)
	scale := math.Exp(up-down) / math.Sqrt(freedom*math.Pi)
	density := func(x float64) float64 { return scale * math.Pow(1+x*x/freedom, -(freedom+1)/2) }
	const steps = 2000
	h, sum := q/steps, density(0)+density(q)
	for i := 1; i < steps; i++ {
		sum += density(float64(i)*h) * float64(2+2*(i%2))
	}
	return 0.5 + sum*h/3
}

func TestQuantileBetweenEntriesIsOfFewerDegrees(t *testing.T) {
	for _, tt := range []struct{ freedom, want float64 }{
		{0.5, 12.706}, {1, 12.706}, {2.9, 4.303}, {30, 2.042}, {39.9, 2.042}, {40, 2.021}, {59, 2.021}, {60, 2.000}, {1e9, 1.980},
	} {
		if got := quantileT(tt.freedom); got != tt.want {
			t.Errorf("with %v degrees of freedom %v, want %v", tt.freedom, got, tt.want)
		}
	}
}

// Logs of the ratios 1.1, 1.2, 1.3: 0.09531, 0.18232, 0.26236; mean 0.18000,
// standard deviation 0.08355, standard error 0.04824, t(2) 4.303: ± 0.20758.
func TestPairedRatioByHand(t *testing.T) {
	i := pairedRatio([]float64{100, 200, 50}, []float64{110, 240, 65})
	within(t, "low", i.Low, math.Exp(0.18000-0.20758))
	within(t, "high", i.High, math.Exp(0.18000+0.20758))
}

// Logs of A: 4.60517, 4.65396 (mean 4.62957, variance 0.0011903); of B: 4.78749,
// 4.86753, 4.82831 (mean 4.82778, variance 0.0016018). Squared standard errors
// 0.00059517 and 0.00053393; their sum 0.0011291, its root 0.033602. Degrees of freedom
// 0.0011291² / (0.00059517²/1 + 0.00053393²/2) = 2.57, so t(2) 4.303: ± 0.14459.
func TestWelchRatioByHand(t *testing.T) {
	i := welchRatio([]float64{100, 105}, []float64{120, 130, 125})
	within(t, "low", i.Low, math.Exp(0.19821-0.14459))
	within(t, "high", i.High, math.Exp(0.19821+0.14459))
}

func TestNoIntervalOfASingleRun(t *testing.T) {
	if pairedRatio([]float64{1}, []float64{2}) != nil {
		t.Error("one round has an interval")
	}
	if welchRatio([]float64{1, 2}, []float64{2}) != nil || welchRatio([]float64{1}, []float64{2, 3}) != nil {
		t.Error("a single run has an interval")
	}
}

func TestMedian(t *testing.T) {
	values := []float64{9, 1, 5}
	if got := median(values); got != 5 {
		t.Errorf("median of 9, 1, 5 is %v", got)
	}
	if values[0] != 9 {
		t.Error("the values were put in order in place")
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median of 4, 1, 3, 2 is %v", got)
	}
}
