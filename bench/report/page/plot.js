// How a plot is drawn: uPlot for lines and axes, and here what makes it readable
// without a legend: the name at the end of each line, the phases as bands, and the
// values below the pointer as a line of text.

const labelSize = 13;

const textWidth = (text, px, weight) => {
  const context = document.createElement('canvas').getContext('2d');
  context.font = font(px, weight);
  return context.measureText(text).width;
};

function drawPlot(figure, spec) {
  const holder = figure.querySelector('.canvas');
  const labels = Math.max(...spec.series.map((s) => textWidth(s.label, labelSize, 600)));
  const plot = new uPlot({
    width: holder.clientWidth,
    height: holder.clientHeight,
    padding: [10, Math.ceil(labels) + 14, 0, 0],
    legend: {show: false},
    cursor: {y: false, sync: spec.time ? {key: 'seconds'} : undefined, drag: {x: true, y: false, uni: 20}},
    scales: {
      x: {time: false, distr: spec.logX ? 3 : 1, range: xRange(spec)},
      y: {distr: spec.log ? 3 : 1, range: spec.log ? logRange : linearRange},
    },
    axes: [xAxis(spec), yAxis(spec)],
    series: [{}, ...spec.series.map(line)],
    hooks: {
      drawClear: [(u) => drawBands(u, spec.bands)],
      draw: [(u) => drawLabels(u, spec.series), (u) => drawMark(u, spec.mark)],
      setCursor: [(u) => readOut(u, spec, figure.querySelector('.readout'))],
    },
  }, [spec.x, ...spec.series.map((s) => s.values)], holder);
  return {name: figure.dataset.plot, figure, holder, plot, spec};
}

function line(s) {
  return {
    stroke: colour(s.colour),
    width: s.bare ? 0 : s.width || 2,
    dash: s.dash,
    spanGaps: true,
    points: {show: Boolean(s.points), size: s.bare ? 10 : 7, fill: colour(s.colour)},
  };
}

const linearRange = (u, min, max) => [0, max > 0 ? max * 1.12 : 1];

// A logarithmic axis ends at a 1, 2 or 5 on either side.
function logRange(u, min, max) {
  if (min === null || max === null || !(min > 0)) return [1, 10];
  return [steps(min)[0], steps(max * 1.15)[1]];
}

// steps are the nearest of 1, 2, 5, 10 … below and above v.
function steps(v) {
  const unit = 10 ** Math.floor(Math.log10(v) + 1e-9);
  const ladder = [1, 2, 5, 10].map((n) => n * unit);
  const above = ladder.find((n) => n > v * (1 + 1e-9)) || 10 * unit;
  const below = ladder.filter((n) => n <= v * (1 + 1e-9)).pop() || unit;
  return [below, above];
}

function logSplits(u, axis, min, max) {
  const decades = Math.log10(max / min);
  const ladder = decades > 3.2 ? [1] : decades > 1.6 ? [1, 3] : [1, 2, 5];
  const list = [];
  for (let unit = 10 ** Math.floor(Math.log10(min) - 1e-9); unit <= max * 1.001; unit *= 10) {
    for (const n of ladder) if (n * unit >= min * 0.999 && n * unit <= max * 1.001) list.push(n * unit);
  }
  return list;
}

function xRange(spec) {
  const [first, last] = [spec.x[0], spec.x[spec.x.length - 1]];
  if (spec.logX) return (u, min, max) => [min === first ? 1 : min, max];
  if (spec.time) return (u, min, max) => [min === first ? Math.min(0, first) : min, max];
  const margin = (last - first) * 0.04;
  return (u, min, max) => [min - margin, max + margin];
}

const axisBase = () => ({
  stroke: colour('quiet'),
  font: font(13),
  grid: {stroke: colour('line'), width: 1},
  ticks: {show: false},
});

function xAxis(spec) {
  const values = (u, splits) => splits.map((v) => (spec.xUnit ? short(v, spec.xUnit) : spec.xText(v)));
  const axis = {...axisBase(), values, space: 70, size: 28};
  if (spec.time) axis.incrs = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  if (spec.logX) {
    axis.splits = (u, i, min, max) => powers(min, max, u.bbox.width / uPlot.pxRatio);
    axis.filter = (u, splits) => splits;
  } else {
    axis.grid = {show: false};
  }
  return axis;
}

// powers of ten, or of a hundred where there is no room.
function powers(min, max, room) {
  const list = [];
  const by = room / Math.log10(max / min) < 60 ? 100 : 10;
  for (let p = 1; p <= max * 1.001; p *= by) if (p >= min * 0.999) list.push(p);
  return list;
}

function yAxis(spec) {
  const values = (u, splits) => splits.map((v) => short(v, spec.unit));
  const axis = {...axisBase(), values, size: axisSize, gap: 6};
  if (spec.log) {
    axis.splits = logSplits;
    axis.filter = (u, splits) => splits;
  } else if (spec.unit === 'bytes') {
    axis.incrs = Array.from({length: 44}, (_, i) => 2 ** i);
  }
  return axis;
}

const axisSize = (u, values) => Math.ceil(Math.max(20, ...(values || []).map((v) => textWidth(v, 13)))) + 12;

// drawBands shades every second phase and names those that have room for it.
function drawBands(u, bands) {
  const {ctx, bbox} = u;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = font(12 * ratio);
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  bands.forEach((band, i) => {
    const left = u.valToPos(band.from, 'x', true);
    const width = u.valToPos(band.to, 'x', true) - left;
    if (i % 2 === 0) {
      ctx.fillStyle = colour('paper');
      ctx.fillRect(left, bbox.top, width, bbox.height);
    }
    if (ctx.measureText(band.name).width + 12 * ratio < width) {
      ctx.fillStyle = colour('quiet');
      ctx.fillText(band.name, left + 6 * ratio, bbox.top + 4 * ratio);
    }
  });
  ctx.restore();
}

// drawLabels names each line where it ends, and moves names apart that would
// cover each other.
function drawLabels(u, series) {
  const {ctx, bbox} = u;
  const ratio = uPlot.pxRatio;
  const gap = (labelSize + 3) * ratio;
  const places = series.map((s, i) => ({s, y: lastHeight(u, i + 1)})).filter((p) => p.s.label && p.y !== null);
  places.sort((a, b) => a.y - b.y);
  places.forEach((p, i) => { if (i) p.y = Math.max(p.y, places[i - 1].y + gap); });
  let floor = bbox.top + bbox.height;
  for (const p of places.reverse()) {
    p.y = Math.min(p.y, floor);
    floor = p.y - gap;
  }
  ctx.save();
  ctx.font = font(labelSize * ratio, 600);
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  for (const p of places) {
    ctx.fillStyle = colour(p.s.ink || p.s.colour);
    ctx.fillText(p.s.label, bbox.left + bbox.width + 8 * ratio, p.y);
  }
  ctx.restore();
}

function lastHeight(u, i) {
  const [from, to] = u.series[0].idxs || [0, u.data[0].length - 1];
  for (let at = to; at >= from; at--) {
    const v = u.data[i][at];
    if (v !== null && v !== undefined) return u.valToPos(v, 'y', true);
  }
  return null;
}

function drawMark(u, mark) {
  if (!mark) return;
  const {ctx, bbox} = u;
  const ratio = uPlot.pxRatio;
  const x = u.valToPos(mark.at, 'x', true);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour('green');
  ctx.lineWidth = 2 * ratio;
  ctx.setLineDash([4 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = font(labelSize * ratio, 600);
  ctx.textBaseline = 'top';
  ctx.textAlign = 'right';
  ctx.fillText(mark.text, x - 7 * ratio, bbox.top + 4 * ratio);
  ctx.restore();
}

function readOut(u, spec, output) {
  const at = u.cursor.idx;
  if (at === null || at === undefined || u.cursor.left < 0) {
    output.textContent = '';
    return;
  }
  const said = spec.series.map((s) => [s.label || s.name, s.values[at]]).filter(([, v]) => v !== null && v !== undefined);
  output.textContent = spec.xText(spec.x[at]) + ': ' + said.map(([name, v]) => `${name} ${quantity(v, spec.unit)}`).join(' · ');
}
