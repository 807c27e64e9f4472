package report

import (
	"math"
	"strconv"
	"strings"
)

// quantity writes v with its unit, in as many digits as a reader can use: three,
// or all of the integer part.
func quantity(v float64, unit string) string {
	switch unit {
	case "":
		return number(v)
	case "ms":
		return span(v)
	case "s":
		return span(v * 1000)
	case "bytes":
		return size(v)
	case "1/s":
		return number(v) + " /s"
	case "%", "cores":
		if v != math.Trunc(v) && math.Abs(v) < 99.995 {
			return strconv.FormatFloat(v, 'f', 2, 64) + " " + unit
		}
	}
	return number(v) + " " + unit
}

// interval writes two quantities, and their unit once if it is the same.
func interval(low, high float64, unit string) string {
	a, b := quantity(low, unit), quantity(high, unit)
	if a == b {
		return a
	}
	an, au, _ := strings.Cut(a, " ")
	_, bu, _ := strings.Cut(b, " ")
	if au == bu {
		a = an
	}
	return a + "–" + b
}

// change writes a quantity with its sign.
func change(v float64, unit string) string {
	if v > 0 {
		return "+" + quantity(v, unit)
	}
	return quantity(v, unit)
}

// proportion writes a ratio so that a change of a tenth of a percent shows.
func proportion(v float64) string {
	if v >= 0.1 && v < 10 {
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
	return digits(v)
}

func count(n int64) string { return group(strconv.FormatInt(n, 10)) }

// number leaves whole numbers whole and rounds others.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return group(strconv.FormatFloat(v, 'f', 0, 64))
	}
	return digits(v)
}

// digits writes v in three digits, or all of its integer part.
func digits(v float64) string {
	abs := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case abs >= 1e15 || abs < 1e-6 && abs > 0:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	decimals := 2
	for limit := 9.995; decimals > 0 && abs >= limit; limit *= 10 {
		decimals--
	}
	for limit := 0.9995; decimals < 8 && abs > 0 && abs < limit; limit /= 10 {
		decimals++
	}
	return group(strconv.FormatFloat(v, 'f', decimals, 64))
}

// group puts a comma before every third digit of the integer part.
func group(s string) string {
	sign, rest := "", s
	if strings.HasPrefix(s, "-") {
		sign, rest = "-", s[1:]
	}
	whole, fraction, dotted := strings.Cut(rest, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dotted {
		fraction = "." + fraction
	}
	return sign + whole + fraction
}

// span writes a time of ms milliseconds.
func span(ms float64) string {
	switch abs := math.Abs(ms); {
	case abs == 0:
		return "0 ms"
	case abs < 0.9995:
		return digits(ms*1000) + " µs"
	case abs < 999.5:
		return digits(ms) + " ms"
	}
	return digits(ms/1000) + " s"
}

// size writes a number of bytes.
func size(bytes float64) string {
	if math.Abs(bytes) < 1024 {
		return number(math.Round(bytes)) + " B"
	}
	units := []string{"KiB", "MiB", "GiB", "TiB"}
	v, i := bytes/1024, 0
	for i < len(units)-1 && math.Abs(v) >= 1023.5 {
		v, i = v/1024, i+1
	}
	return digits(v) + " " + units[i]
}

// plain makes a text from outside safe for one line of a terminal: a report can
// hold what a target answered.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return '·'
	}, s)
}
