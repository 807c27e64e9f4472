// Colours come from the style sheet, so that light and dark are settled there;
// quantities are written as the tables write them.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

const font = (px, weight = 400) => `${weight} ${px}px ${getComputedStyle(document.body).fontFamily}`;

function group(text) {
  const [whole, fraction] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : grouped + '.' + fraction;
}

// digits writes v in three digits, or all of its integer part.
function digits(v) {
  const size = Math.abs(v);
  let decimals = 2;
  for (let limit = 9.995; decimals > 0 && size >= limit; limit *= 10) decimals--;
  for (let limit = 0.9995; decimals < 8 && size > 0 && size < limit; limit /= 10) decimals++;
  return group(v.toFixed(decimals));
}

const number = (v) => (Number.isInteger(v) ? group(String(v)) : digits(v));

function span(ms) {
  if (ms === 0) return '0 ms';
  if (Math.abs(ms) < 0.9995) return digits(ms * 1000) + ' µs';
  if (Math.abs(ms) < 999.5) return digits(ms) + ' ms';
  return digits(ms / 1000) + ' s';
}

function size(bytes) {
  if (Math.abs(bytes) < 1024) return number(Math.round(bytes)) + ' B';
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let v = bytes / 1024;
  while (units.length > 1 && Math.abs(v) >= 1023.5) {
    v /= 1024;
    units.shift();
  }
  return digits(v) + ' ' + units[0];
}

function quantity(v, unit) {
  switch (unit) {
    case 'ms': return span(v);
    case 's': return span(v * 1000);
    case 'bytes': return size(v);
    case '1/s': return number(v) + ' /s';
    case '': return number(v);
  }
  const fixed = (unit === '%' || unit === 'cores') && !Number.isInteger(v) && Math.abs(v) < 99.995;
  return `${fixed ? v.toFixed(2) : number(v)} ${unit}`;
}

// short is for the ticks of an axis: no more digits than the tick needs.
function short(v, unit) {
  const [value, suffix] = quantity(v, unit).split(' ');
  const bare = value.includes('.') ? value.replace(/\.?0+$/, '') : value;
  return suffix && suffix !== '/s' && suffix !== 'cores' ? bare + ' ' + suffix : bare;
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (n) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
