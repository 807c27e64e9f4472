package report

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

var keep = flag.String("keep", "", "`folder` to write the example pages and pictures of them to")

var screens = map[string]screen{
	"desktop": desktop,
	"phone":   {width: 380, height: 780, dark: true, calm: true},
}

func TestPage(t *testing.T) {
	if *keep != "" {
		if err := os.MkdirAll(*keep, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	for name, r := range examples() {
		for on, s := range screens {
			t.Run(name+"/"+on, func(t *testing.T) {
				tb := openPage(t, r, s)
				if wide := eval[int](tb, `document.documentElement.scrollWidth`); wide > int(s.width) {
					t.Errorf("the page is %d wide on a screen of %d", wide, s.width)
				}
				tb.everyPlotIsDrawn()
				if *keep != "" {
					tb.keepPicture(name + "-" + on)
				}
				tb.NoComplaints()
			})
		}
		if *keep != "" {
			keepPage(t, name, r)
		}
	}
}

// everyPlotIsDrawn looks for the colour of each series on its canvas, within the
// axes: beyond them stand the names in the same colours.
func (tb *tab) everyPlotIsDrawn() {
	tb.T.Helper()
	if n := eval[int](tb, `plots.length`); n < 5 {
		tb.T.Errorf("%d plots, want at least 5", n)
	}
	missing := eval[[]string](tb, `plots.flatMap(({name, plot, spec}) => {
		const {left, top, width, height} = plot.bbox;
		const {data} = plot.ctx.getImageData(left, top, width, height);
		return spec.series.filter((s) => s.values.some((v) => v !== null && v !== undefined) && s.label).filter((s) => {
			const want = colour(s.colour).match(/[0-9a-f]{2}/gi).map((h) => parseInt(h, 16));
			let found = 0;
			for (let i = 0; i < data.length; i += 4) {
				if (data[i + 3] > 200 && want.every((c, k) => Math.abs(data[i + k] - c) < 12)) found++;
			}
			return found < 40;
		}).map((s) => name + ': ' + s.label);
	})`)
	for _, m := range missing {
		tb.T.Errorf("nothing of its colour is drawn: %s", m)
	}
}

func (tb *tab) keepPicture(name string) {
	tb.T.Helper()
	if eval[bool](tb, `map !== null`) {
		tb.Do(chromedp.Evaluate[chromedp.Void](`map.pause(); map.seek(map.end * 0.55)`))
		tb.keepFile(name+"-map.png", chromedp.Screenshot(chromedp.CSS(".venue")))
	}
	tb.keepFile(name+".png", chromedp.FullScreenshot(100))
}

func (tb *tab) keepFile(name string, shot chromedp.Action[[]byte]) {
	tb.T.Helper()
	png, err := chromedp.Run(tb.Ctx, shot)
	if err != nil {
		tb.T.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*keep, name), png, 0o600); err != nil {
		tb.T.Error(err)
	}
}

func keepPage(t *testing.T, name string, r *Report) {
	t.Helper()
	var page strings.Builder
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*keep, name+".html"), []byte(page.String()), 0o600); err != nil {
		t.Error(err)
	}
}

const mapPicture = `map.canvas.toDataURL()`

func TestMapPlays(t *testing.T) {
	tb := openPage(t, festivalReport(), screen{width: 1280, height: 900, calm: true})
	if eval[bool](tb, `map.playing`) {
		t.Fatal("it plays although less motion was asked for")
	}
	before := eval[string](tb, mapPicture)
	tb.Do(chromedp.Click(chromedp.CSS("button.play")))
	tb.Await(`map.at > 5`)
	if after := eval[string](tb, mapPicture); after == before {
		t.Error("the map does not change while it plays")
	}
	if got := eval[string](tb, `document.querySelector('button.play').textContent`); got != "Pause" {
		t.Errorf("the button says %q while it plays", got)
	}
	tb.Do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`), chromedp.KeyEvent(" "))
	tb.Await(`!map.playing`)
	tb.Do(chromedp.KeyEvent(" "))
	tb.Await(`map.playing`)
	tb.NoComplaints()
}

func TestMapIsScrubbed(t *testing.T) {
	tb := openPage(t, festivalReport(), screen{width: 380, height: 780, calm: true})
	tb.Do(chromedp.Focus(chromedp.CSS("input.time")), chromedp.KeyEvent(kb.End))
	tb.Await(`map.at === map.end`)
	want := 0
	for _, e := range festivalReport().Runs[0].Crowd.Encounters {
		if e.Nudged >= 0 && e.Nudged <= eval[float64](tb, `map.end`) {
			want++
		}
	}
	if got := eval[string](tb, `document.querySelector('.nudged').textContent`); got != count(int64(want)) {
		t.Errorf("%s nudged at the end, want %s", got, count(int64(want)))
	}
	tb.Do(chromedp.KeyEvent(kb.Home))
	tb.Await(`map.at === 0`)
	if got := eval[string](tb, `document.querySelector('.nudged').textContent`); got != "0" {
		t.Errorf("%s nudged at the beginning", got)
	}
}

// A nudge lights its pair in a warm colour, and the light fades within the afterglow.
func TestMapLightsNudges(t *testing.T) {
	r := festivalReport()
	c := r.Runs[0].Crowd
	c.People, c.Background, c.Hotspots = 2, []bool{false, false}, nil
	c.Positions = nil
	for range 50 {
		c.Positions = append(c.Positions, 0xb0, 4, 0xe8, 3, 0xe2, 4, 0xe8, 3) // (120, 100) and (125, 100)
	}
	c.Encounters = []Encounter{
		{A: 0, B: 1, Began: 5, Ended: 60, Overlap: false, Nudged: -1},
		{A: 0, B: 1, Began: 10, Ended: 60, Overlap: true, Nudged: 40},
	}
	tb := openPage(t, r, screen{width: 1280, height: 900, calm: true})
	warmth := func(at int) float64 {
		return eval[float64](tb, fmt.Sprintf(`map.seek(%d), (() => {
			const {data} = map.canvas.getContext('2d').getImageData(0, 0, map.canvas.width, map.canvas.height);
			let warmest = 0;
			for (let i = 0; i < data.length; i += 4) warmest = Math.max(warmest, data[i] - data[i + 2]);
			return warmest > 40 ? warmest : 0;
		})()`, at))
	}
	if w := warmth(30); w != 0 {
		t.Errorf("lit before the nudge: %v", w)
	}
	fresh, late := warmth(41), warmth(55)
	if fresh == 0 || late == 0 || late > fresh*3/4 {
		t.Errorf("the light is %v at first and %v later, want it to fade", fresh, late)
	}
	if w := warmth(61); w != 0 {
		t.Errorf("still lit after the afterglow: %v", w)
	}
}

// The page and the terminal write a quantity alike.
func TestPageWritesQuantitiesAsTablesDo(t *testing.T) {
	tb := openPage(t, steadyReport(), desktop)
	type written struct {
		Value float64 `json:"value"`
		Unit  string  `json:"unit"`
		Text  string  `json:"text"`
	}
	got := eval[[]written](tb, `['', 'ms', 's', 'bytes', '1/s', '%', 'cores', 'phones'].flatMap((unit) =>
		[0, 1, 7.5, 12, 12.34, 99.96, 123.4, 999.6, 1023, 1234.6, 54321, 1.5e6, 3.25e9, 0.5, 0.0123, 0.00045].map(
			(value) => ({value, unit, text: quantity(value, unit)})))`)
	if len(got) != 8*16 {
		t.Errorf("%d quantities are written", len(got))
	}
	for _, q := range got {
		if want := quantity(q.Value, q.Unit); q.Text != want {
			t.Errorf("%v %q is %q on the page and %q in a table", q.Value, q.Unit, q.Text, want)
		}
	}
}

func TestChoosingARunShowsItsPlots(t *testing.T) {
	tb := openPage(t, versusReport(), desktop)
	if got := eval[int](tb, `document.querySelectorAll('.run:not([hidden])').length`); got != 1 {
		t.Fatalf("%d runs are shown at once", got)
	}
	tb.Do(chromedp.SetValue(chromedp.CSS("#run"), "3"))
	tb.Do(chromedp.Evaluate[chromedp.Void](`chooser.dispatchEvent(new Event('change'))`))
	if got := eval[int](tb, `runs.findIndex((run) => !run.hidden)`); got != 3 {
		t.Errorf("run %d is shown after choosing 3", got)
	}
	tb.everyPlotIsDrawn()
	tb.NoComplaints()
}

func TestDisturbedFiguresAreAskedFor(t *testing.T) {
	tb := openPage(t, disturbedReport(), desktop)
	const visible = `[...document.querySelectorAll('.cards .value')].map((v) => v.innerText.trim())`
	if got := eval[[]string](tb, visible); got[0] != "disturbed" || got[1] == "disturbed" {
		t.Errorf("the figures are %q, want the first withheld and the second, a robust one, not", got)
	}
	tb.Do(chromedp.Click(chromedp.CSS("#show-disturbed")))
	if got := eval[[]string](tb, visible); !strings.Contains(got[0], "500") {
		t.Errorf("the figures are %q after asking for all", got)
	}
}

// A run that was broken off at once has next to nothing to show.
func TestPageOfLittle(t *testing.T) {
	bare := emptyReport("match")
	bare.Runs = []Run{{}}
	fewest := steadyReport()
	fewest.Runs[0].Samples = fewest.Runs[0].Samples[:2]
	fewest.Runs[0].Latencies[0].Buckets = fewest.Runs[0].Latencies[0].Buckets[:1]
	still := festivalReport()
	still.Runs[0].Crowd.Positions, still.Runs[0].Crowd.Encounters, still.Runs[0].Crowd.Hotspots = nil, nil, nil
	for name, r := range map[string]*Report{"no run": emptyReport("match"), "nothing measured": bare, "two seconds": fewest, "nobody moved": still} {
		t.Run(name, func(t *testing.T) {
			tb := openPage(t, r, desktop)
			if got := eval[string](tb, `document.querySelector('h1').textContent`); got != r.title() {
				t.Errorf("the page is headed %q", got)
			}
			tb.NoComplaints()
		})
	}
}

func TestPointingAtAPlotReadsItOut(t *testing.T) {
	tb := openPage(t, steadyReport(), desktop)
	const over = `(() => {
		const {left, top, width, height} = plots[0].plot.over.getBoundingClientRect();
		return [left + width / 2, top + height / 2];
	})()`
	at := eval[[]float64](tb, over)
	tb.Do(chromedp.MouseEvent(chromedp.MouseMoved, at[0], at[1]))
	tb.Await(`/^0:\d\d: due 500 .s · answered \d+ .s · errors \d+ .s$/.test(document.querySelector('[data-plot=rate] .readout').textContent)`)
	tb.Await(`document.querySelector('[data-plot=cpu] .readout').textContent !== ''`)
	tb.Do(chromedp.MouseEvent(chromedp.MouseMoved, 1, 1))
	tb.Await(`document.querySelector('[data-plot=rate] .readout').textContent === ''`)
	tb.NoComplaints()
}

// A sample that came late covers more than a second.
func TestRatesAreASecond(t *testing.T) {
	r := steadyReport()
	s := &r.Runs[0].Samples[10]
	s.Seconds, s.Due, s.Answered, s.Errors = 2.5, 1250, 1000, 5
	tb := openPage(t, r, desktop)
	got := eval[[]float64](tb, `plots.find((p) => p.name === 'rate').spec.series.map((s) => s.values[10])`)
	if diff := cmp.Diff([]float64{500, 400, 2}, got); diff != "" {
		t.Error(diff)
	}
}

func TestColoursFollowTheScheme(t *testing.T) {
	tb := openPage(t, steadyReport(), desktop)
	before := eval[string](tb, `colour('blue')`)
	tb.Prefer(true, false)
	tb.Await(`colour('blue') !== '` + before + `'`)
	tb.Await(`plots[0].plot.series[2].stroke() === colour('blue')`)
	tb.everyPlotIsDrawn()
	tb.NoComplaints()
}

func TestPlotsKeepUpWithTheWindow(t *testing.T) {
	tb := openPage(t, steadyReport(), desktop)
	tb.Do(chromedp.EmulateViewport(380, 780))
	tb.Await(`plots.every((p) => p.plot.width === p.holder.clientWidth)`)
	if wide := eval[int](tb, `document.documentElement.scrollWidth`); wide > 380 {
		t.Errorf("the page is %d wide in a window that was made 380 wide", wide)
	}
	tb.everyPlotIsDrawn()
}

func TestMapPlaysByItself(t *testing.T) {
	tb := openPage(t, festivalReport(), desktop)
	tb.Do(chromedp.ScrollIntoView(chromedp.CSS("canvas.map")))
	tb.Await(`map.playing && map.at > 1`)
}

func TestTextOfATargetIsNoMarkup(t *testing.T) {
	r := wrongReport()
	r.About = "</script><script>window.broken = 1</script>\u2028<!--"
	tb := openPage(t, r, desktop)
	if eval[bool](tb, `'broken' in window`) {
		t.Error("a text of the report ran as a script")
	}
	if got := eval[string](tb, `report.about`); got != r.About {
		t.Errorf("the data have %q, want %q", got, r.About)
	}
	if got := eval[string](tb, `document.querySelector('.about').textContent`); got != r.About {
		t.Errorf("the page says %q, want %q", got, r.About)
	}
	tb.NoComplaints()
}
