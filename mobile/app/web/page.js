// The page around the app: starts it, keeps the distance the same in all tabs, and
// writes what the canvas shows as elements for screen readers.
"use strict";

const slider = document.getElementById("slider");
const others = new BroadcastChannel("sighej-distance");
const dark = matchMedia("(prefers-color-scheme: dark)");

// The slider goes from half a metre to 60 m, each step by the same factor.
const metres = () => 0.5 * 120 ** (slider.value / 100);

function showDistance() {
  const text = metres() < 10 ? `${metres().toFixed(1)} m` : `${Math.round(metres())} m`;
  document.getElementById("metres").value = text;
  slider.setAttribute("aria-valuetext", text);
}

slider.addEventListener("input", () => {
  showDistance();
  others.postMessage({ distance: slider.value });
});
others.addEventListener("message", ({ data }) => {
  if (data.ask) {
    others.postMessage({ distance: slider.value });
    return;
  }
  slider.value = data.distance;
  showDistance();
});
showDistance();
others.postMessage({ ask: true });

// What the app calls.
window.sighej = {
  distance: metres,
  look: () => ({
    dark: dark.matches,
    text: parseFloat(getComputedStyle(document.documentElement).fontSize) / 16,
  }),
  told: (outline) => tell(JSON.parse(outline)),
  changed: () => {}, // set by the app
};
dark.addEventListener("change", () => window.sighej.changed());

// What forgets a session is sent even when the page is closed meanwhile. The app,
// whose requests go through fetch, cannot ask for that itself.
const request = window.fetch;
window.fetch = (url, options) =>
  request(url, options?.method === "DELETE" ? { ...options, keepalive: true } : options);

const outline = document.getElementById("outline");
const waiting = document.getElementById("waiting");
const live = document.getElementById("live");

function tell({ summary, nodes }) {
  if (!waiting.hidden) performance.mark("shown");
  waiting.hidden = true;
  const nudge = nodes.find((n) => n.label.startsWith("Someone nearby"));
  const news = nudge ? `${summary} ${nudge.label}` : summary;
  if (live.textContent !== news) live.textContent = news;
  nodes.forEach((node, i) => write(elementAt(i, node.role), node));
  while (outline.children.length > nodes.length) outline.lastChild.remove();
}

// elementAt returns the outline's element of that place, of the right kind.
function elementAt(i, role) {
  const kind = role === "" ? "P" : "BUTTON";
  let e = outline.children[i];
  if (e?.tagName === kind) return e;
  const fresh = document.createElement(kind);
  if (role !== "") {
    fresh.tabIndex = -1; // the canvas has the keyboard
    fresh.addEventListener("click", () => tap(fresh));
  }
  if (e) e.replaceWith(fresh);
  else outline.append(fresh);
  return fresh;
}

function write(e, node) {
  e.textContent = node.label;
  if (node.role !== "") {
    e.setAttribute("role", node.role);
    e.setAttribute("aria-label", node.label);
    e.toggleAttribute("aria-description", false);
    if (node.hint) e.setAttribute("aria-description", node.hint);
    if (node.role === "switch" || node.role === "checkbox") e.setAttribute("aria-checked", String(node.on));
    else e.removeAttribute("aria-checked");
  }
  e.style.left = `${node.left}px`;
  e.style.top = `${node.top}px`;
  e.style.width = `${node.width}px`;
  e.style.height = `${node.height}px`;
}

// tap does for a screen reader what a finger does.
function tap(e) {
  const canvas = document.querySelector("#giowindow canvas");
  const box = e.getBoundingClientRect();
  const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true };
  canvas.dispatchEvent(new MouseEvent("mousedown", { ...at, buttons: 1 }));
  canvas.dispatchEvent(new MouseEvent("mouseup", at));
}

async function start() {
  const go = new Go();
  go.env.GOGC = "400"; // a start allocates much and drops little: collecting less often takes a sixth off it
  performance.mark("asked");
  const { instance } = await WebAssembly.instantiateStreaming(fetch("app.wasm"), go.importObject);
  performance.mark("compiled");
  await go.run(instance);
}

start().catch((e) => {
  waiting.hidden = false;
  waiting.textContent = `The app cannot start here: ${e.message}`;
});
