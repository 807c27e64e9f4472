// Puts the plots and the map of the chosen run into the page.

const report = JSON.parse(document.getElementById('report').textContent);
const runs = [...document.querySelectorAll('.run')];
const calm = matchMedia('(prefers-reduced-motion: reduce)');
let plots = [];
let map = null;
let shownRun = 0;

function clear() {
  for (const p of plots) p.plot.destroy();
  plots = [];
  if (map) map.stop();
  map = null;
}

function show(index) {
  clear();
  shownRun = index;
  runs.forEach((article, i) => { article.hidden = i !== index; });
  const article = runs[index];
  if (!article) return;
  for (const figure of article.querySelectorAll('[data-plot]')) {
    const spec = makers[figure.dataset.plot](report.runs[index]);
    if (spec) plots.push(drawPlot(figure, spec));
    else figure.remove();
  }
  const venue = article.querySelector('.venue');
  if (venue) map = startMap(venue, report.runs[index].crowd);
}

// redraw takes the plots apart, for colours are settled when they are made; the
// map stays where it is.
function redraw() {
  for (const p of plots) {
    p.plot.destroy();
    p.figure.querySelector('.readout').textContent = '';
  }
  plots = plots.map((p) => drawPlot(p.figure, p.spec));
  if (map) map.draw();
}

function resize() {
  for (const p of plots) p.plot.setSize({width: p.holder.clientWidth, height: p.holder.clientHeight});
  if (map) map.draw();
}

// Whoever scrolls to the map finds it playing, unless they asked for less motion.
function playWhenSeen() {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((e) => e.isIntersecting)) return;
    watcher.disconnect();
    if (map && !calm.matches) map.play();
  }, {threshold: 0.4});
  for (const canvas of document.querySelectorAll('canvas.map')) watcher.observe(canvas);
}

// The space bar plays, but not where it means something else.
function onKey(event) {
  const own = event.target.closest('button, select, textarea, a, summary, input:not([type=range])');
  if (event.code !== 'Space' || !map || own) return;
  event.preventDefault();
  if (!event.repeat) map.toggle();
}

const chooser = document.getElementById('run');
if (chooser) chooser.onchange = () => show(Number(chooser.value));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
addEventListener('resize', resize);
addEventListener('keydown', onKey);
show(chooser ? Number(chooser.value) : 0);
playWhenSeen();
