// What the page does besides showing the fragments that htmx puts in: the plots,
// the word about the stream, and the dialog.
'use strict';

const byId = (id) => document.getElementById(id);

const minutes = [60, 120, 300];
const days = [86400, 3 * 86400, 7 * 86400, 14 * 86400];
const live = {
  registrations: plot(document.querySelector('[data-plot=registrations]'), [{colour: 'accent', unit: '/s'}], minute, minutes, 300),
  sightings: plot(document.querySelector('[data-plot=sightings]'), [{colour: 'blue', unit: '/s'}], minute, minutes, 300),
  matches: plot(document.querySelector('[data-plot=matches]'), [{colour: 'coral', unit: '/s'}], minute, minutes, 300),
};
const latency = plot(document.querySelector('[data-plot=latency]'), [
  {name: 'median', colour: 'ochre', unit: ' ms', span: true}, {name: 'p99', colour: 'quiet', unit: ' ms', span: true},
], minute, minutes, 300);
const past = {
  sessions: plot(document.querySelector('[data-past=sessions]'), [{colour: 'accent', bars: true}], day, days, 0),
  matches: plot(document.querySelector('[data-past=matches]'), [{colour: 'coral', bars: true}], day, days, 0),
  sightings: plot(document.querySelector('[data-past=sightings]'), [{colour: 'blue', bars: true}], day, days, 0),
};

function drawLive() {
  const s = JSON.parse(byId('live-data').textContent);
  for (const name of Object.keys(live)) {
    live[name]([s.at, s[name]]);
    const now = s[name][s[name].length - 1];
    document.querySelector(`[data-now=${name}]`).textContent = now === null || now === undefined ? '–' : amount(now);
  }
  latency([s.at, s.median, s.slow]);
}

function drawPast() {
  const p = JSON.parse(byId('past-data').textContent);
  for (const name of Object.keys(past)) past[name]([p.at, p[name]]);
}

drawLive();
drawPast();

let unfolded = false;
document.addEventListener('htmx:sseBeforeMessage', (e) => {
  if (e.detail.type === 'history') unfolded = Boolean(byId('days') && byId('days').open);
});
document.addEventListener('htmx:sseMessage', (e) => {
  if (e.detail.type === 'live') drawLive();
  if (e.detail.type === 'history') {
    if (byId('days')) byId('days').open = unfolded;
    drawPast();
  }
});

function stream(state, word) {
  byId('stream').className = 'state ' + state;
  byId('stream-word').textContent = word;
}

function gone(text) {
  byId('gone').hidden = text === '';
  byId('gone').textContent = text;
}

document.addEventListener('htmx:sseOpen', () => { stream('live', 'live'); gone(''); });
document.addEventListener('htmx:sseError', () => {
  stream('waiting', 'reconnecting');
  // A stream does not say why it ended: maybe the log-in is over.
  fetch('/', {method: 'HEAD', redirect: 'manual'}).then((r) => { if (r.type === 'opaqueredirect') location.reload(); },
    () => gone('This member does not answer. The page goes on by itself when it does.'));
});
document.addEventListener('htmx:sseClose', (e) => {
  if (e.detail.type !== 'message') return;
  stream('gone', 'ended');
  gone('This member has left. Look at another one.');
});

const dialog = byId('dialog');
let opener = '';
// Not after the swap already: only what has settled obeys its buttons.
document.addEventListener('htmx:afterSettle', (e) => {
  const target = e.detail.target ? e.detail.target.id : ''; // an event of the stream has none
  if (target === 'ask' && !dialog.open) {
    opener = e.detail.requestConfig.elt.id;
    dialog.showModal();
  }
  if (target === 'said') dialog.close();
});
// The table may have been put in anew meanwhile.
dialog.addEventListener('close', () => (byId(opener) || byId('members-h')).focus());
document.addEventListener('htmx:responseError', (e) => { if (e.detail.xhr.status === 401) location.reload(); });
document.addEventListener('htmx:sendError', () => gone('This member does not answer. Nothing was changed.'));
