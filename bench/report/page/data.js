// What each plot draws, taken from a run of the report. A maker gives null where
// there is nothing to see. A series is {label, colour, values} and what sets its
// line apart; a value that is not there is null.

const kinds = ['blue', 'purple', 'green', 'orange', 'red'];

const known = (v) => (v > 0 ? v : null);

// perSecond is what a count of a sample comes to, which covers about a second.
const perSecond = (s, n) => n / (s.seconds || 1);

// phases are the stretches of samples that bear the same name.
function phases(run) {
  const list = [];
  for (const s of run.samples || []) {
    const last = list[list.length - 1];
    if (last && last.name === s.phase) last.to = s.at;
    else list.push({name: s.phase, from: last ? last.to : s.at - (s.seconds || 1), to: s.at});
  }
  return list.length > 1 ? list : [];
}

// overTime is what the plots with the same axis of seconds share.
function overTime(run, unit, log, series) {
  const filled = series.filter((s) => s.values.some((v) => v !== null));
  if ((run.samples || []).length < 2 || !filled.length) return null;
  return {x: run.samples.map((s) => s.at), series: filled, unit, log, bands: phases(run), time: true, xText: clock};
}

function ratePlot(run) {
  const samples = run.samples || [];
  const errors = samples.some((s) => s.errors) ? samples.map((s) => perSecond(s, s.errors)) : [];
  return overTime(run, '1/s', false, [
    {label: 'due', colour: 'due', ink: 'quiet', width: 6, values: samples.map((s) => perSecond(s, s.due))},
    {label: 'answered', colour: 'blue', values: samples.map((s) => perSecond(s, s.answered))},
    {label: 'errors', colour: 'red', values: errors},
  ]);
}

function latencyPlot(run) {
  const samples = run.samples || [];
  const series = [];
  (run.latencies || []).forEach((l, i) => {
    const of = (q) => samples.map((s) => known(s.latency && s.latency[l.name] ? s.latency[l.name][q] : 0));
    series.push({label: l.name + ' p99', colour: kinds[i % kinds.length], values: of('p99')});
    series.push({label: l.name + ' p50', colour: kinds[i % kinds.length], values: of('p50'), dash: [5, 4]});
  });
  return overTime(run, 'ms', true, series);
}

function memoryPlot(run) {
  const samples = run.samples || [];
  const pids = new Set(samples.flatMap((s) => Object.keys(s.servers || {})));
  return overTime(run, 'bytes', false, [...pids].map((pid, i) => ({
    label: processName(run, pid, pids.size > 1),
    colour: kinds[i % kinds.length],
    values: samples.map((s) => {
      const p = s.servers && s.servers[pid];
      return p ? known(p.pss || p.rss) : null;
    }),
  })));
}

function processName(run, pid, several) {
  const p = (run.processes || []).find((p) => String(p.pid) === pid);
  const name = p ? p.name : 'pid ' + pid;
  return several && p && pid !== '0' ? `${name} ${pid}` : name;
}

function cpuPlot(run) {
  const samples = run.samples || [];
  const target = (s) => Object.values(s.servers || {}).reduce((sum, p) => sum + p.cpu, 0);
  return overTime(run, 'cores', false, [
    {label: 'target', colour: 'blue', values: samples.map((s) => (s.servers ? target(s) : null))},
    {label: 'generator', colour: 'purple', values: samples.map((s) => s.generator_cpu)},
    {label: 'others', colour: 'grey', values: samples.map((s) => s.other_cpu)},
  ]);
}

// The axis of a distribution is 1/(1−q): 10 is the 90th percentile, 100 the
// 99th. The last value of n stands at n.
function distributionPlot(run) {
  const tables = [];
  const series = [];
  (run.latencies || []).forEach((l, i) => {
    if (!l.count || !(l.buckets || []).length) return;
    tables.push(percentiles(l.buckets));
    series.push({label: l.name, colour: kinds[i % kinds.length]});
  });
  if (!tables.length) return null;
  const joined = uPlot.join(tables);
  series.forEach((s, i) => { s.values = joined[i + 1]; });
  return {x: joined[0], series, unit: 'ms', log: true, bands: [], logX: true, xText: percentile};
}

function percentiles(buckets) {
  const total = buckets.reduce((sum, b) => sum + b.count, 0);
  const points = new Map();
  let seen = 0;
  for (const b of buckets) {
    seen += b.count;
    points.set(total / Math.max(total - seen, 1), b.up_to);
  }
  return [[...points.keys()], [...points.values()]];
}

function percentile(x) {
  const nines = Math.max(0, Math.ceil(Math.log10(x) - 1e-9) - 2);
  return (100 - 100 / x).toFixed(nines) + ' %';
}

function rampPlot(run) {
  const steps = [...(run.steps || [])].sort((a, b) => a.rate - b.rate);
  if (steps.length < 2) return null;
  const failed = (run.steps || []).findIndex((s) => !s.held);
  const knee = run.steps[(failed < 0 ? run.steps.length : failed) - 1];
  return {
    x: steps.map((s) => s.rate), unit: 'ms', log: true, bands: [], xUnit: '1/s', xText: (v) => quantity(v, '1/s'),
    mark: knee && {at: knee.rate, text: 'knee ' + quantity(knee.rate, '1/s')},
    series: [
      {label: 'p99', colour: 'blue', values: steps.map((s) => known(s.p99)), points: true},
      {label: 'p50', colour: 'blue', values: steps.map((s) => known(s.p50)), points: true, dash: [5, 4]},
      {label: '', name: 'not held, p99', colour: 'red', values: steps.map((s) => (s.held ? null : known(s.p99))), points: true, bare: true},
    ],
  };
}

const makers = {
  rate: ratePlot, latency: latencyPlot, memory: memoryPlot, cpu: cpuPlot, distribution: distributionPlot, ramp: rampPlot,
};
