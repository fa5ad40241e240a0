// Colours for light and dark, and the style sheet of the shadow root. A constructed sheet needs no `unsafe-inline` in a policy.
// @ts-check

const sans = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const mono = 'ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace';
export const canvasFont = `11px ${sans}`;

const light = {
  paper: '#ffffff',
  sunk: '#f4f3ef',
  ink: '#1c2125',
  soft: '#5a6168',
  line: '#dedad1',
  accent: '#0f766e',
  good: '#147248',
  bad: '#b3372a',
  unknown: '#8b3fae',
  again: '#d3b27c',
  quiet: '#8a9096',
  wait: '#c98a1b',
  open: '#2563b8',
  connecting: '#2563b8',
  ready: '#147248',
  recovering: '#9a5b00',
  outage: '#a83a67',
  degraded: '#b3372a',
  expired: '#6d5a98',
};
/** @typedef {typeof light} Palette */
/** @type {Palette} */
const dark = {
  paper: '#1b1f23',
  sunk: '#121517',
  ink: '#e8e6e1',
  soft: '#a5abb1',
  line: '#333a40',
  accent: '#5ec4b6',
  good: '#63c794',
  bad: '#f28b7d',
  unknown: '#d2a2f0',
  again: '#8b6c3a',
  quiet: '#7d858c',
  wait: '#c98f35',
  open: '#84b3f3',
  connecting: '#84b3f3',
  ready: '#63c794',
  recovering: '#eab053',
  outage: '#ee91b5',
  degraded: '#f28b7d',
  expired: '#b9a6e3',
};

/** What a canvas has to be told, because forced colours do not reach it. */
const forced = { paper: 'Canvas', sunk: 'Canvas', ink: 'CanvasText', soft: 'CanvasText', line: 'GrayText' };

/** @param {string | null} theme the attribute; null is the system's @returns {Palette} */
export function paletteOf(theme) {
  const isDark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  const palette = isDark ? dark : light;
  return matchMedia('(forced-colors: active)').matches ? { ...palette, ...forced } : palette;
}

/** @param {Palette} palette */
const variables = (palette) =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');

/** The height of a row of the log, which the list of visible rows is computed with. */
export const rowHeight = 22;

/** Created once, at the first use: a server has no style sheets. @type {CSSStyleSheet | undefined} */
let shared;

export function styleSheet() {
  if (shared) return shared;
  shared = new CSSStyleSheet();
  shared.replaceSync(`
:host{${variables(light)};color-scheme:light;display:block;height:26rem;font:13px/1.45 ${sans};color:var(--ink);text-align:start}
@media(prefers-color-scheme:dark){:host(:not([theme=light])){${variables(dark)};color-scheme:dark}}
:host([theme=dark]){${variables(dark)};color-scheme:dark}
:host([hidden]){display:none}
:host([floating]){position:fixed;inset:auto 12px 12px auto;z-index:2147483000;height:auto;width:auto}
:host([floating][open]){inset:auto 0 0 0;height:min(60vh,30rem)}
:host([floating]:not([open])) .panel,:host(:not([floating])) .launch,:host([open]) .launch,:host(:not([floating])) .close{display:none}
*{box-sizing:border-box}
.panel{display:grid;grid-template-rows:auto minmax(84px,42%) 28px auto minmax(0,1fr);height:100%;background:var(--paper);border:1px solid var(--line);border-radius:8px;overflow:hidden}
:host([floating]) .panel{border-radius:10px 10px 0 0;box-shadow:0 -6px 30px #0004}
button,input,select{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:2px 8px;min-height:26px}
button{cursor:pointer}button:hover{border-color:var(--accent)}
button[aria-pressed=true],button[aria-selected=true]{background:var(--accent);border-color:var(--accent);color:var(--paper)}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
.detail p{margin:0 0 6px}
.launch{border-radius:999px;padding:8px 14px;font-weight:600;box-shadow:0 3px 14px #0004}
.launch i{display:inline-block;width:9px;height:9px;margin-inline-end:7px;border-radius:50%;background:var(--quiet)}
.launch[data-tone=good] i{background:var(--good)}.launch[data-tone=bad] i{background:var(--bad)}.launch[data-tone=wait] i{background:var(--wait)}
.bar{display:flex;flex-wrap:wrap;align-items:center;gap:6px;padding:6px 10px;border-block-end:1px solid var(--line)}
.bar b{margin-inline-end:4px}.bar .count{color:var(--soft);font-variant-numeric:tabular-nums}.bar .gap{flex:1}
.bar input{min-width:5rem;flex:0 1 13rem}
.scroll{position:relative;overflow:hidden auto}
canvas{display:block;width:100%;touch-action:pan-y}
.scroll canvas{position:sticky;inset-block-start:0}
.map{border-block:1px solid var(--line);background:var(--sunk);cursor:ew-resize}
.tabs{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 14px;padding:5px 10px}[role=tablist]{display:flex;gap:4px}
.legend{display:flex;flex-wrap:wrap;gap:0 12px;margin:0;align-items:center;color:var(--soft);font-size:12px}
.legend span:nth-child(5) i{opacity:.45}
.legend i{display:inline-block;width:12px;height:9px;border-radius:2px;margin-inline-end:5px;forced-color-adjust:none}
.body{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,17rem);min-height:0;border-block-start:1px solid var(--line)}
.body[data-tab=log] .tables,.body:not([data-tab=log]) :is(.log,.detail){display:none}
.log,.tables{overflow:auto;background:var(--sunk);position:relative;font:12px/${rowHeight}px ${mono}}
.tables{grid-column:1/-1;padding:8px 12px}
.log .row{position:absolute;inset-inline:0;height:${rowHeight}px;padding-inline:10px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;cursor:default}
.row time{color:var(--soft);margin-inline-end:8px}.row b{font-weight:600;margin-inline-end:8px}
.row[data-kind=trouble] b{color:var(--bad)}.row[data-kind=session] b{color:var(--accent)}.row[data-kind=traffic] b{color:var(--soft)}
.row[aria-selected=true]{background:var(--accent);color:var(--paper)}.log .row[aria-selected=true] *{color:inherit}
.detail{overflow:auto;padding:8px 12px;border-inline-start:1px solid var(--line);font-size:12px}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:2px 10px;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;font-family:${mono}}
table{border-collapse:collapse;width:100%}th,td{text-align:start;padding:1px 14px 1px 0;border-block-end:1px solid var(--line);font-weight:400;white-space:nowrap}th{color:var(--soft)}
.empty{color:var(--soft);padding:10px;font-family:${sans}}
@media(forced-colors:active){[aria-pressed=true],[aria-selected=true]{outline:2px solid Highlight;outline-offset:-2px}}
@media(max-width:44rem){.body{grid-template-columns:minmax(0,1fr)}.body[data-tab=log]{grid-template-rows:minmax(0,1fr) minmax(0,6.5rem)}.detail{border-inline-start:0;border-block-start:1px solid var(--line)}.panel{grid-template-rows:auto minmax(70px,34%) 28px auto minmax(0,1fr)}}
`);
  return shared;
}
