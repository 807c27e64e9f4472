// A festival played again: people as dots on a map of the venue, and a line and a
// glow between two who were just nudged. Times are simulated seconds.

const afterglow = 20;

// parted is how many metres two are apart when the line between them is gone.
const parted = 30;

// startMap brings a run's map to life; stop lets it go again.
function startMap(holder, crowd) {
  const find = (name) => holder.querySelector('.' + name);
  const steps = readPositions(crowd);
  const people = crowd.people;
  const end = Math.max(0, steps.length / 2 / people - 1) * crowd.every;
  const nudges = (crowd.encounters || []).filter((e) => e.nudged >= 0).sort((a, b) => a.nudged - b.nudged);
  const map = {holder, canvas: find('map'), pulse: find('pulse'), crowd, steps, nudges, end, at: 0, playing: false, frame: 0};
  const [play, time, speed] = [find('play'), find('time'), find('speed')];
  time.max = String(end);

  const draw = () => {
    time.value = String(map.at);
    time.setAttribute('aria-valuetext', clock(map.at));
    find('clock').textContent = `${clock(map.at)} of ${clock(end)}`;
    find('nudged').textContent = group(String(countUntil(nudges, map.at)));
    drawMap(map);
    drawPulse(map);
  };
  const tick = (before) => (now) => {
    if (!map.playing) return;
    map.at = Math.min(end, map.at + (now - before) / 1000 * Number(speed.value));
    draw();
    if (map.at >= end) map.pause();
    else map.frame = requestAnimationFrame(tick(now));
  };
  map.seek = (at) => { map.at = Math.min(Math.max(at, 0), end); draw(); };
  map.pause = () => { map.playing = false; play.textContent = 'Play'; cancelAnimationFrame(map.frame); };
  map.play = () => {
    if (map.playing) return;
    if (map.at >= end) map.at = 0;
    map.playing = true;
    play.textContent = 'Pause';
    map.frame = requestAnimationFrame((now) => tick(now)(now));
  };
  map.toggle = () => (map.playing ? map.pause() : map.play());
  map.draw = () => { fitMap(map); draw(); };
  play.onclick = map.toggle;
  time.oninput = () => map.seek(Number(time.value));
  map.stop = () => { map.pause(); play.onclick = time.oninput = null; };
  map.draw();
  return map;
}

// readPositions gives x and y in metres, step by step, person by person.
function readPositions(crowd) {
  const bytes = Uint8Array.from(atob(crowd.positions || ''), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const metres = new Float32Array(bytes.length / 2);
  for (let i = 0; i < metres.length; i++) metres[i] = view.getUint16(2 * i, true) / 10;
  return metres;
}

// countUntil is how many of the sorted nudges came up to a time.
function countUntil(nudges, at) {
  let [low, high] = [0, nudges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (nudges[middle].nudged <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

// fitMap gives the canvases as many pixels as the screen has for them.
function fitMap(map) {
  const {crowd, canvas, pulse} = map;
  const width = Math.min(canvas.parentElement.clientWidth - 2, 1400);
  const height = Math.min(width * crowd.height / crowd.width, 0.78 * Math.max(window.innerHeight, 480));
  const ratio = window.devicePixelRatio || 1;
  canvas.style.height = height + 'px';
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(height * ratio);
  pulse.width = Math.round(pulse.clientWidth * ratio);
  pulse.height = Math.round(pulse.clientHeight * ratio);
  map.ratio = ratio;
  map.scale = Math.min(canvas.width / crowd.width, canvas.height / crowd.height);
  map.left = (canvas.width - crowd.width * map.scale) / 2;
  map.top = (canvas.height - crowd.height * map.scale) / 2;
}

// place is where a person is now, in pixels, between two known positions.
function place(map, person) {
  const {steps, crowd, at} = map;
  const exact = at / crowd.every;
  const step = Math.floor(exact);
  const i = 2 * (step * crowd.people + person);
  const next = at < map.end ? i + 2 * crowd.people : i;
  const share = exact - step;
  return [
    map.left + map.scale * (steps[i] + share * (steps[next] - steps[i])),
    map.top + map.scale * (steps[i + 1] + share * (steps[next + 1] - steps[i + 1])),
  ];
}

function drawMap(map) {
  const context = map.canvas.getContext('2d');
  context.fillStyle = colour('ground');
  context.fillRect(0, 0, map.canvas.width, map.canvas.height);
  if (!map.steps.length) return;
  drawHotspots(map, context);
  const places = map.crowd.background.map((_, person) => place(map, person));
  const radius = Math.min(Math.max(map.scale, 1.8 * map.ratio), 3.4 * map.ratio);
  drawPeople(map, context, places, true, radius);
  drawPeople(map, context, places, false, radius);
  drawNudges(map, context, places, radius);
  drawNames(map, context);
}

const centre = (map, spot) => [map.left + map.scale * spot.x, map.top + map.scale * spot.y];

function drawHotspots(map, context) {
  context.fillStyle = colour('spot');
  for (const spot of map.crowd.hotspots || []) {
    context.beginPath();
    context.arc(...centre(map, spot), map.scale * spot.radius, 0, 2 * Math.PI);
    context.fill();
  }
}

// drawNames writes above each hotspot, within the map and clear of the dots.
function drawNames(map, context) {
  const {ratio, canvas} = map;
  Object.assign(context, {textAlign: 'center', textBaseline: 'bottom', font: font(14 * ratio, 600), lineJoin: 'round', lineWidth: 4 * ratio});
  for (const spot of map.crowd.hotspots || []) {
    const [x, y] = centre(map, spot);
    const half = context.measureText(spot.name).width / 2 + 6 * ratio;
    const at = [Math.min(Math.max(x, half), canvas.width - half), Math.max(y - map.scale * spot.radius - 4 * ratio, 20 * ratio)];
    context.strokeStyle = colour('ground');
    context.strokeText(spot.name, ...at);
    context.fillStyle = colour('label');
    context.fillText(spot.name, ...at);
  }
}

function drawPeople(map, context, places, background, radius) {
  context.fillStyle = colour(background ? 'background' : 'person');
  context.beginPath();
  places.forEach(([x, y], person) => {
    if (map.crowd.background[person] !== background) return;
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  });
  context.fill();
}

// drawNudges lights the pairs of the last seconds, the newest brightest.
function drawNudges(map, context, places, radius) {
  const tint = colour('nudge');
  const now = countUntil(map.nudges, map.at);
  for (let i = now - 1; i >= 0 && map.at - map.nudges[i].nudged < afterglow; i--) {
    const {a, b, nudged} = map.nudges[i];
    const age = (map.at - nudged) / afterglow;
    const [from, to] = [places[a], places[b]];
    drawBond(context, from, to, tint, (1 - age) * closeness(map, from, to), radius);
    for (const p of [from, to]) drawGlow(context, p, tint, age, radius);
  }
  context.globalAlpha = 1;
}

// closeness lets the line between two go as they part.
function closeness(map, a, b) {
  const metres = Math.hypot(a[0] - b[0], a[1] - b[1]) / map.scale;
  return Math.min(1, Math.max(0, (parted - metres) / parted));
}

function drawBond(context, a, b, tint, strength, radius) {
  context.globalAlpha = strength;
  context.strokeStyle = tint;
  context.lineWidth = 1.1 * radius;
  context.beginPath();
  context.moveTo(a[0], a[1]);
  context.lineTo(b[0], b[1]);
  context.stroke();
}

// drawGlow flares up within the first second or two and sinks into the dot.
function drawGlow(context, [x, y], tint, age, radius) {
  const reach = radius * (3 + 4 * Math.min(1, age * 12) * (1 - age));
  const glow = context.createRadialGradient(x, y, 0, x, y, reach);
  glow.addColorStop(0, tint + 'b0');
  glow.addColorStop(1, tint + '00');
  context.globalAlpha = 1 - age;
  context.fillStyle = glow;
  context.fillRect(x - reach, y - reach, 2 * reach, 2 * reach);
  context.fillStyle = tint;
  context.beginPath();
  context.arc(x, y, 1.3 * radius, 0, 2 * Math.PI);
  context.fill();
}

// drawPulse shows above the time how many were nudged when.
function drawPulse(map) {
  const {pulse, nudges, end, at} = map;
  const context = pulse.getContext('2d');
  context.clearRect(0, 0, pulse.width, pulse.height);
  if (!end || !nudges.length) return;
  const bins = new Array(Math.max(1, Math.min(120, Math.floor(pulse.width / (6 * map.ratio))))).fill(0);
  for (const n of nudges) bins[Math.min(bins.length - 1, Math.floor(n.nudged / end * bins.length))]++;
  const [most, width] = [Math.max(...bins), pulse.width / bins.length];
  context.fillStyle = colour('nudge');
  bins.forEach((n, i) => {
    const height = n / most * (pulse.height - 2);
    context.globalAlpha = (i + 0.5) / bins.length <= at / end ? 1 : 0.28;
    context.fillRect(i * width + 1, pulse.height - height, width - 2, height);
  });
}
