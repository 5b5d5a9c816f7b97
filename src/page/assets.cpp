#include "assets.hpp"

namespace titrate::page {

// c0 is the neutral colour of a baseline; c1 to c7 follow Okabe and Ito ("Color universal design", 2008),
// which colour-blind readers can tell apart, lighter on a dark page. A square of a matrix is tinted by the
// root of its share of the true class: the right ones by the share, mistakes, which are few, by the root
// itself.
const char* const kPageStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1c2128; --muted: #646d7a; --faint: #e4e7ec; --card: #f6f7f9; --accent: #0072b2;
  --s0: #6b7380; --s1: #0072b2; --s2: #d55e00; --s3: #009e73; --s4: #b5568f; --s5: #c98500; --s6: #2f95d0; --s7: #333a44;
  --help: #0072b2; --hurt: #c25200; --help-tint: #0072b217; --hurt-tint: #d55e001f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --ink: #e4e7eb; --muted: #98a1ad; --faint: #2b3038; --card: #1b1f25; --accent: #5cb8f0;
    --s0: #a5adb9; --s1: #5cb8f0; --s2: #ff8f4f; --s3: #3fc99b; --s4: #e596c4; --s5: #f0b93a; --s6: #8fd0f5; --s7: #dfe3e8;
    --help: #6cc0f3; --hurt: #ff9a60; --help-tint: #5cb8f026; --hurt-tint: #ff8f4f26;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 960px; margin: 0 auto; padding: 56px 24px 40px; }
h1, h2, h3 { line-height: 1.25; letter-spacing: -0.01em; font-weight: 650; margin: 0; overflow-wrap: anywhere; }
h1 { font-size: 2.1rem; }
h2 { font-size: 1.3rem; margin-top: 56px; padding-top: 20px; border-top: 1px solid var(--faint); }
h3 { font-size: 0.95rem; margin: 0 0 4px; }
p { margin: 10px 0; max-width: 72ch; }
a { color: var(--accent); }
.kind { color: var(--muted); font-size: 0.9rem; margin: 0 0 6px; }
.answer { font-size: 1.22rem; line-height: 1.5; margin: 18px 0; }
.note { color: var(--muted); font-size: 0.9rem; margin-bottom: 20px; }
.state { color: var(--muted); font-size: 0.9rem; }
.state.warn { color: var(--hurt); }
code, .mono { font: 0.86em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
figure { margin: 28px 0 0; min-width: 0; }
figcaption { color: var(--muted); font-size: 0.86rem; line-height: 1.5; margin-top: 6px; max-width: 80ch; }
.grid { display: grid; gap: 24px 40px; grid-template-columns: repeat(2, minmax(0, 1fr)); }
.grid.narrow { grid-template-columns: minmax(0, 1fr); }
.grid > figure { margin-top: 20px; }
@media (max-width: 720px) {
  main { padding: 28px 16px 32px; }
  h1 { font-size: 1.65rem; }
  h2 { margin-top: 40px; }
  .answer { font-size: 1.08rem; }
  .grid { grid-template-columns: minmax(0, 1fr); }
}
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 0.86rem; color: var(--muted); margin: 2px 0 8px; }
.legend i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; background: var(--c); vertical-align: middle; margin-right: 7px; }
.c0 { --c: var(--s0); } .c1 { --c: var(--s1); } .c2 { --c: var(--s2); } .c3 { --c: var(--s3); }
.c4 { --c: var(--s4); } .c5 { --c: var(--s5); } .c6 { --c: var(--s6); } .c7 { --c: var(--s7); }
svg { display: block; width: 100%; height: auto; font: 11px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
svg.chart, svg.curve { max-width: 520px; }
svg .grid { stroke: var(--faint); }
svg .zero { stroke: var(--ink); }
svg .axis { stroke: var(--muted); }
svg .tick { fill: var(--muted); font-variant-numeric: tabular-nums; }
svg .title { fill: var(--muted); }
svg .band { fill: var(--c); fill-opacity: 0.16; }
svg .crowded .band { fill-opacity: 0.09; }
svg .line { fill: none; stroke: var(--c); stroke-width: 1.8; stroke-linejoin: round; }
svg .bar { fill: none; stroke: var(--c); stroke-width: 2; }
svg .mean { fill: var(--c); stroke: var(--page); stroke-width: 1; }
svg .dots { fill: var(--c); fill-opacity: 0.5; }
svg .label { fill: var(--c); font-weight: 600; }
svg .leader { fill: none; stroke: var(--c); stroke-opacity: 0.5; }
.matrix { margin: 8px auto 0; }
.mistakes { margin: 14px 0 0; }
.matrix .right { --c: var(--s1); } .matrix .wrong { --c: var(--s2); }
.matrix .right rect { fill-opacity: min(1000 * var(--root), 0.12 + 0.45 * var(--root) * var(--root)); }
.matrix .wrong rect { fill-opacity: min(0.8, 1.6 * var(--root)); }
.matrix rect { fill: var(--c); stroke: var(--faint); stroke-width: 0.75; rx: 2px; }
.matrix .k text { fill: var(--ink); text-anchor: middle; font-size: 10px; font-variant-numeric: tabular-nums; }
select {
  font: inherit; font-size: 0.95rem; color: var(--ink); background: var(--card); border: 1px solid var(--faint);
  border-radius: 6px; padding: 6px 10px; max-width: 100%;
}
.scroll { overflow-x: auto; min-width: 0; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; width: 100%; }
th { font-weight: 600; color: var(--muted); text-align: right; padding: 4px 10px; white-space: nowrap; vertical-align: bottom; }
td { text-align: right; padding: 5px 10px; border-top: 1px solid var(--faint); white-space: nowrap; vertical-align: top; }
th:first-child, td:first-child { padding-left: 0; padding-right: 18px; width: 1%; }
table.names th:first-child, table.names td:first-child { text-align: left; }
table.text th:first-child, table.text td:first-child { width: auto; }
thead tr:last-child th { border-bottom: 1px solid var(--muted); }
td small { color: var(--muted); font-size: 0.86em; }
td.help { background: var(--help-tint); } td.hurt { background: var(--hurt-tint); }
td.help b { color: var(--help); } td.hurt b { color: var(--hurt); }
td b { font-weight: 600; }
table.text td, table.text th { text-align: left; white-space: normal; }
table.text td { overflow-wrap: break-word; }
table.text td code { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 6px 22px; align-items: baseline; margin: 16px 0; font-size: 0.95rem; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 480px) {
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 10px; }
  th, td { padding-left: 5px; padding-right: 5px; }
  th:first-child, td:first-child { padding-right: 8px; }
  th:last-child, td:last-child { padding-right: 1px; }
  td .half { display: block; }
}
summary { cursor: pointer; color: var(--accent); margin: 14px 0 8px; }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--faint); color: var(--muted); font-size: 0.86rem; }
)css";

const char* const kPageScript = R"js(
const element = id => document.getElementById(id);
const follow = (list, show) => {
  list.disabled = false;
  list.addEventListener('change', () => show(list.selectedIndex));
  show(list.selectedIndex);
};
(() => {
  const matrix = element('confusion');
  if (!matrix) return;
  const {names, notes, mistakes, counts} = JSON.parse(element('confusions').textContent);
  const n = names.length, squares = [...matrix.querySelectorAll('.k')];
  follow(element('cell'), chosen => {
    const values = counts[chosen].split(',').map(Number);
    squares.forEach((square, i) => {
      const row = Math.floor(i / n), column = i % n;
      const total = values.slice(row * n, row * n + n).reduce((a, b) => a + b, 0);
      const text = square.querySelector('text');
      square.style.setProperty('--root', Math.sqrt(total ? values[i] / total : 0).toFixed(3));
      if (text) text.textContent = values[i] || '';
      square.querySelector('title').textContent = `true ${names[row]}, called ${names[column]}: ${values[i]}`;
    });
    element('cell-note').textContent = notes[chosen];
    element('cell-mistakes').textContent = mistakes[chosen];
  });
})();
(() => {
  if (!element('curves')) return;
  const {from, step, notes, lines} = JSON.parse(element('curves').textContent);
  const paths = document.querySelectorAll('#curve-loss .line, #curve-accuracy .line');
  const path = ys => ys ? 'M' + ys.split(' ').map((y, i) => `${from + i * step} ${y}`).join('L') : '';
  follow(element('curve-cell'), chosen => {
    lines[chosen].forEach((ys, i) => paths[i].setAttribute('d', path(ys)));
    element('curve-note').textContent = notes[chosen];
  });
})();
)js";

}  // namespace titrate::page
