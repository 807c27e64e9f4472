package report

import (
	"math"
	"slices"
)

// student is the 97.5 % quantile of Student's t by degrees of freedom, from 1 on:
// NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.2.
var student = [...]float64{
	12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
	2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
	2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
}

// studentBeyond goes on where student ends, in the steps of the same table.
var studentBeyond = [...]struct{ from, quantile float64 }{{120, 1.980}, {60, 2.000}, {40, 2.021}}

// quantileT is for an interval of 95 %. Between two entries of the table it takes
// that of fewer degrees of freedom: the interval is never too narrow.
func quantileT(freedom float64) float64 {
	for _, b := range studentBeyond {
		if freedom >= b.from {
			return b.quantile
		}
	}
	return student[min(max(int(freedom), 1), len(student))-1]
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// variance is that of the population which the values are a sample of.
func variance(values []float64) float64 {
	m, sum := mean(values), 0.0
	for _, v := range values {
		sum += (v - m) * (v - m)
	}
	return sum / float64(len(values)-1)
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	half := len(s) / 2
	if len(s)%2 == 1 {
		return s[half]
	}
	return (s[half-1] + s[half]) / 2
}

func logs(values []float64) []float64 {
	l := make([]float64, len(values))
	for i, v := range values {
		l[i] = math.Log(v)
	}
	return l
}

// geometricMean is of positive values; of equal ones it is exact, so that a count
// stays one.
func geometricMean(values []float64) float64 {
	if slices.Min(values) == slices.Max(values) {
		return values[0]
	}
	return exp(mean(logs(values)))
}

// maxLog keeps what exp makes of a hopelessly wide interval finite.
const maxLog = 700

// finite keeps what leaves the range of numbers at its end, as JSON knows no
// infinity.
func finite(v float64) float64 { return min(max(v, -math.MaxFloat64), math.MaxFloat64) }

func exp(v float64) float64 { return math.Exp(min(max(v, -maxLog), maxLog)) }

// around is the interval of 95 % around a mean of logs with its standard error.
func around(center, stderr, freedom float64) *Interval {
	half := quantileT(freedom) * stderr
	return &Interval{Low: exp(center - half), High: exp(center + half)}
}

// pairedRatio compares the values of the same rounds: what the machine did to a
// round it did to both. nil with fewer than two rounds.
func pairedRatio(a, b []float64) *Interval {
	if len(a) < 2 {
		return nil
	}
	la, lb := logs(a), logs(b)
	d := make([]float64, len(a))
	for i := range d {
		d[i] = lb[i] - la[i]
	}
	n := float64(len(d))
	return around(mean(d), math.Sqrt(variance(d)/n), n-1)
}

// welchRatio compares runs that have nothing to do with each other, by Welch's
// interval for means of unequal variance (Biometrika 34, 1947, pp. 28–35). nil
// if either side has fewer than two.
func welchRatio(a, b []float64) *Interval {
	if len(a) < 2 || len(b) < 2 {
		return nil
	}
	la, lb := logs(a), logs(b)
	na, nb := float64(len(a)), float64(len(b))
	va, vb := variance(la)/na, variance(lb)/nb
	freedom := 1.0
	if va+vb > 0 {
		freedom = (va + vb) * (va + vb) / (va*va/(na-1) + vb*vb/(nb-1))
	}
	return around(mean(lb)-mean(la), math.Sqrt(va+vb), freedom)
}
