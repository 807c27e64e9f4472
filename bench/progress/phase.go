package progress

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// phase is a part of the run.
type phase struct {
	name  string
	total int64 // 0: nobody knows
	unit  Unit
}

// Ranks of the parts: the last has room in the narrowest line.
const (
	rankConnected = iota
	rankBar
	rankLatency
	rankRate
	rankDone
	rankErrors
	rankWrong
	rankName
)

// parts are the line; bar is the one that it has, or "".
func (p *phase) parts(s Status, bar string) []part {
	return []part{
		{text: p.name, rank: rankName, colour: bold},
		{text: bar, rank: rankBar, colour: cyan},
		{text: p.done(s.Done), rank: rankDone},
		{text: some(s.Rate > 0, rate(s.Rate)), rank: rankRate},
		{text: some(s.P50 > 0 || s.P99 > 0, "p50/p99 "+milliseconds(s.P50)+"/"+milliseconds(s.P99)+" ms"), rank: rankLatency},
		{text: some(s.Errors > 0, counted(s.Errors, "error")), rank: rankErrors, colour: red},
		{text: some(s.Wrong > 0, grouped(s.Wrong)+" wrong"), rank: rankWrong, colour: red},
		{text: some(s.Connected > 0, grouped(s.Connected)+" connected"), rank: rankConnected},
	}
}

// plain returns the line without bar and colours, however long.
func (p *phase) plain(s Status) string { return join(fitting(p.parts(s, ""), math.MaxInt), false) }

// Columns of the bar.
const (
	narrowBar = 8
	wideBar   = 24
)

// drawing draws the line over the one before it. The last column stays free:
// some terminals wrap as soon as it is written to.
func (p *phase) drawing(s Status, columns int, colour bool) string {
	room := max(columns-1, 1)
	line := fitting(p.parts(s, p.bar(s.Done, min(max(columns/5, narrowBar), wideBar))), room)
	if !slices.ContainsFunc(line, func(p part) bool { return p.rank == rankBar }) {
		line = fitting(p.parts(s, p.bar(s.Done, narrowBar)), room)
	}
	return hideCursor + noWrap + startOfLine + join(line, colour) + eraseLine + wrap
}

// bar returns a bar; none where nobody knows the total.
func (p *phase) bar(done int64, columns int) string {
	if p.total == 0 {
		return ""
	}
	// It draws into its own memory only: the rest of the line is ours to fit.
	b := progressbar.NewOptions64(p.total, progressbar.OptionSetWriter(io.Discard), progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetWidth(columns), progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "━", SaucerPadding: "─"}))
	_ = b.Set64(min(max(done, 0), p.total)) // within its bounds it always can
	_, drawn, _ := strings.Cut(b.String(), "% ")
	return strings.TrimSpace(drawn)
}

// done tells how far the phase is.
func (p *phase) done(done int64) string {
	show, word := grouped, " "+string(p.unit)
	if p.unit == Milliseconds {
		show, word = clock, ""
	}
	if p.total > 0 {
		return show(done) + "/" + show(p.total) + word
	}
	return show(done) + word
}

func some(known bool, text string) string {
	if known {
		return text
	}
	return ""
}

// clock shows milliseconds as minutes and seconds, with hours once there are.
func clock(ms int64) string {
	s := ms / 1000
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// rate shows a number a second, with a decimal where that says something.
func rate(r float64) string {
	if r < 10 {
		return strconv.FormatFloat(r, 'f', 1, 64) + "/s"
	}
	return grouped(int64(r+0.5)) + "/s"
}

// milliseconds shows d in three digits or more.
func milliseconds(d time.Duration) string {
	switch ms := float64(d) / 1e6; {
	case ms < 9.995:
		return strconv.FormatFloat(ms, 'f', 2, 64)
	case ms < 99.95:
		return strconv.FormatFloat(ms, 'f', 1, 64)
	default:
		return grouped(int64(ms + 0.5))
	}
}

func counted(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return grouped(n) + " " + word + "s"
}

// grouped shows n with a comma before each three digits.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// width returns the columns of the terminal w.
func width(w io.Writer, known int) int {
	if known > 0 {
		return known
	}
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return 80
}
