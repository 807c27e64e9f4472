// Plots of the page. Colours come from the style sheet, so that light and dark are
// settled there.
'use strict';

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

const group = (text) => text.replace(/\B(?=(\d{3})+(?!\d))/g, ',');

// amount writes a number in about three digits.
function amount(v) {
  if (v === 0 || v >= 99.95) return group(v.toFixed(0));
  return v.toFixed(v < 0.995 ? 2 : 1);
}

// brief is for the ticks of an axis.
function brief(v) {
  if (v >= 1e6) return +(v / 1e6).toFixed(1) + 'M';
  if (v >= 1e4) return +(v / 1e3).toFixed(1) + 'k';
  return group(String(+v.toFixed(2)));
}

const two = (n) => String(n).padStart(2, '0');
const minute = (seconds) => { const d = new Date(seconds * 1000); return two(d.getUTCHours()) + ':' + two(d.getUTCMinutes()); };
const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const day = (seconds) => { const d = new Date(seconds * 1000); return d.getUTCDate() + ' ' + month[d.getUTCMonth()]; };

const font = () => '12px ' + getComputedStyle(document.body).fontFamily;

function axes(xText, xSpace, xSteps) {
  const base = {stroke: colour('quiet'), font: font(), ticks: {show: false}};
  const width = (u, values) => Math.max(24, ...(values || []).map((v) => 7 * v.length + 8));
  return [
    {...base, grid: {show: false}, size: 24, gap: 4, space: xSpace, incrs: xSteps, values: (u, all) => all.map(xText)},
    {...base, grid: {stroke: colour('line'), width: 1}, size: width, gap: 4, space: 34, values: (u, all) => all.map(brief)},
  ];
}

const least = (u, min, max) => [0, Math.max(max || 0, 1) * 1.1];

const bars = uPlot.paths.bars({size: [0.7, 24]});

// plot draws into a box; series are {name, colour, unit, bars?, span?}. It ends at
// the last value and reaches back for some seconds, or to the first value. It
// follows the width of the box and the colours of the scheme.
function plot(box, series, xText, xSteps, seconds) {
  let drawn = null;
  let data = null;
  const reach = (u, min, max) => (seconds ? [max - seconds, max] : [min - 43200, max + 43200]);
  const make = () => {
    if (drawn) drawn.destroy();
    drawn = new uPlot({
      width: box.clientWidth, height: box.clientHeight, padding: [6, 18, 0, 0],
      legend: {show: false}, cursor: {y: false, points: {size: 6}, drag: {x: false, y: false}},
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), 'Etc/UTC'),
      scales: {x: {time: true, range: reach}, y: {range: least}},
      axes: axes(xText, 56, xSteps),
      series: [{}, ...series.map((s) => s.bars
        ? {width: 0, fill: colour(s.colour), paths: bars, points: {show: false}}
        : {stroke: colour(s.colour), width: 1.75, spanGaps: Boolean(s.span), points: {show: Boolean(s.span), size: 3}})],
      hooks: {setCursor: [(u) => point(u)]},
    }, data, box);
  };
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  const point = (u) => {
    const at = u.cursor.idx;
    tip.hidden = at === null || at === undefined || u.cursor.left < 0 || series.every((s, i) => data[i + 1][at] === null);
    if (tip.hidden) return;
    tip.textContent = xText(data[0][at]) + '  ' + series.map((s, i) => [s, data[i + 1][at]]).filter(([, v]) => v !== null)
      .map(([s, v]) => (s.name ? s.name + ' ' : '') + amount(v) + (s.unit || '')).join('  ');
  };
  box.append(tip);
  new ResizeObserver(() => drawn && drawn.setSize({width: box.clientWidth, height: box.clientHeight})).observe(box);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawn && make());
  return (next) => {
    data = next;
    if (drawn) drawn.setData(data);
    else make();
  };
}
