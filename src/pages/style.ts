/**
 * The report's style sheet. Classes are told apart by orange and blue, which the common kinds of colour blindness keep
 * apart; text has a contrast of at least 4.5 to 1 in both schemes. Nothing is loaded: the fonts are the reader's own.
 */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --surface: #fff; --sunken: #f1f3f6; --ink: #151a21; --muted: #56606d;
  --line: #e6e9ee; --line-strong: #c3cad3;
  --fraud: #c2480f; --fraud-soft: #fbeae0; --legit: #2463a6; --legit-soft: #e4edf7; --accent: #6246bd; --accent-soft: #ece8f8;
  --warn: #8a5a00; --warn-soft: #fff6df; --warn-line: #e5b95a;
  --legit-strong: #2463a6; --fraud-strong: #c2480f; --shadow: 0 1px 2px rgb(20 26 33 / .05), 0 4px 16px rgb(20 26 33 / .04);
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --surface: #161b22; --sunken: #1d232c; --ink: #e7ebf1; --muted: #9ba6b4;
    --line: #262d37; --line-strong: #465160;
    --fraud: #ff9a5e; --fraud-soft: #3a2417; --legit: #7ab4f5; --legit-soft: #16283c; --accent: #b3a0f5; --accent-soft: #2a2440;
    --warn: #f2cd7c; --warn-soft: #2c2412; --warn-line: #6e5620;
    --legit-strong: #2a5e96; --fraud-strong: #b24a17; --shadow: none;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; scroll-padding-top: 1.5rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.55 var(--sans); font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
h1, h2, h3, p, dl, dd, ul, figure, pre { margin: 0; padding: 0; }
ul { list-style: none; }
h1 { font-size: clamp(1.5rem, 1.2rem + 1.4vw, 2.1rem); line-height: 1.2; letter-spacing: -.02em; text-wrap: balance; }
h2 { font-size: 1.3rem; line-height: 1.3; letter-spacing: -.012em; }
h3 { font-size: 1rem; line-height: 1.4; }
h1 .whole { display: inline-block; max-width: 100%; }
a { color: inherit; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
small { font-size: .8125rem; color: var(--muted); }
code, pre { font-family: var(--mono); font-size: .8125rem; overflow-wrap: anywhere; }

.page { max-width: 78rem; margin: 0 auto; padding: 2rem clamp(1rem, 3vw, 2.5rem) 4rem; }
header { margin-bottom: 2rem; }
.brand { display: flex; align-items: center; gap: .5rem; margin-bottom: 1.25rem; color: var(--muted); font-size: .875rem; font-weight: 600; letter-spacing: .01em; }
.brand svg { width: 1.75rem; height: 1.75rem; flex: none; }
.about { display: flex; flex-wrap: wrap; gap: .4rem .5rem; margin-top: .85rem; }
.about li { padding: .15rem .6rem; border: 1px solid var(--line); border-radius: 99px; background: var(--surface); color: var(--muted); font-size: .8125rem; max-width: 100%; }
.about b { color: var(--ink); font-weight: 600; }
nav a { display: block; padding: .3rem .75rem; border-left: 2px solid var(--line); color: var(--muted); font-size: .875rem; text-decoration: none; }
nav a:hover { color: var(--ink); border-color: var(--accent); }
nav { display: none; }
@media (min-width: 70rem) {
  .columns { display: grid; grid-template-columns: 9.5rem minmax(0, 1fr); gap: 2.75rem; }
  nav { display: block; position: sticky; top: 2rem; align-self: start; }
}
main { min-width: 0; }

.notices { display: grid; gap: .6rem; margin-bottom: 1.75rem; }
.notices li { padding: .75rem 1rem; border: 1px solid var(--line); border-left: 4px solid var(--line-strong); border-radius: 8px; background: var(--surface); font-size: .9375rem; }
.notices .warning { border-color: var(--warn-line); background: var(--warn-soft); }
.notices .warning strong { color: var(--warn); }

section + section { margin-top: 3.25rem; }
.intro { margin-top: .3rem; max-width: 72ch; text-wrap: pretty; color: var(--muted); }
.intro b { color: var(--ink); }
.eyebrow { color: var(--muted); font-size: .8125rem; font-weight: 600; letter-spacing: .02em; }
.verdict { margin-top: .25rem; max-width: 34ch; font-size: clamp(1.3rem, 1.05rem + 1.25vw, 1.85rem); font-weight: 600; line-height: 1.25; letter-spacing: -.017em; text-wrap: balance; }
.counts { margin-top: .6rem; max-width: 84ch; text-wrap: pretty; color: var(--muted); }
.card { min-width: 0; border: 1px solid var(--line); border-radius: 12px; background: var(--surface); box-shadow: var(--shadow); padding: 1.15rem 1.25rem 1.25rem; }
.card > p, figcaption > p { margin-top: .2rem; color: var(--muted); font-size: .875rem; line-height: 1.5; }
.grid, .figures { display: grid; gap: 1.1rem; margin-top: 1.1rem; }
section > .card { margin-top: 1.1rem; }
@media (min-width: 46rem) { .grid:not(.roomy) { grid-template-columns: repeat(2, minmax(0, 1fr)); } .grid > :only-child { grid-column: 1 / -1; } }
@media (min-width: 56rem) { .grid.roomy { grid-template-columns: repeat(2, minmax(0, 1fr)); } }

.figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
@media (min-width: 56rem) { .figures { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
.figure { display: flex; flex-direction: column; padding: .95rem 1.1rem 1.05rem; }
.figure dt { color: var(--muted); font-size: .8125rem; font-weight: 600; }
.figure dd { display: flex; flex-direction: column; flex: 1; }
.figure b { font-size: clamp(1.5rem, 1.2rem + 1.2vw, 2rem); line-height: 1.25; letter-spacing: -.025em; }
.figure small { margin-top: .5rem; line-height: 1.4; }
.interval { color: var(--muted); font-size: .75rem; }
.range { width: 100%; height: 6px; margin: .35rem 0 .3rem; }
.range .track { fill: var(--line); } .range .between { fill: var(--accent); opacity: .38; } .range .value { fill: var(--ink); }

figure.card { display: grid; grid-template-rows: auto 1fr auto; }
@media (min-width: 46rem) { .grid > figure.card { grid-row: span 3; grid-template-rows: subgrid; gap: 0; margin-bottom: 1.1rem; } .grid:has(> figure) { row-gap: 0; margin-bottom: -1.1rem; } }
figure svg[viewBox] { display: block; width: 100%; max-width: 34rem; height: auto; margin: .6rem auto 0; }
figure svg text { font-family: var(--sans); font-variant-numeric: tabular-nums; }
.narrow, .middle { display: none; }
@media (max-width: 30rem), (min-width: 46rem) and (max-width: 60rem) { .wide { display: none; } .narrow { display: block; } }
figure.whole { margin-top: 1.1rem; } figure.whole svg { max-width: none; }
@media (min-width: 46rem) and (max-width: 60rem) { .whole .wide { display: block; } .whole .narrow { display: none; } }
@media (min-width: 30rem) and (max-width: 46rem) { .whole .wide, .whole .narrow { display: none; } .whole .middle { display: block; } }
.bars { margin: .9rem 0 0; padding: 0; list-style: none; font-size: .875rem; line-height: 1.4; }
.bars li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .1rem .9rem; align-items: baseline; }
.bars li span { overflow-wrap: anywhere; }
.bars b { color: var(--muted); font-size: .8125rem; font-weight: 500; white-space: nowrap; }
.bars svg { grid-column: 1 / -1; display: block; width: 100%; height: 1.4rem; margin-bottom: .35rem; }
.bars line { stroke: var(--line); } .bars .spread { stroke: var(--ink); stroke-width: 1.5; }
.bars rect { opacity: .8; } .bars .fraud { fill: var(--fraud); } .bars .legit { fill: var(--legit); } .bars .accent { fill: var(--accent); } .bars .ink { fill: var(--ink); }
.bar-axis { display: block; width: 100%; height: 1.1rem; overflow: visible; } .bar-axis text { fill: var(--muted); font-size: .75rem; }
.axis-name { color: var(--muted); text-align: center; font-size: .8125rem; }
.empty { margin: 2rem 0; text-align: center; color: var(--muted); }
.card > .note { margin-top: .75rem; padding-top: .7rem; border-top: 1px solid var(--line); font-size: .8125rem; }
.legend { display: flex; flex-wrap: wrap; gap: .15rem 1rem; margin-top: .55rem; font-size: .8125rem; }
.legend li { display: flex; align-items: center; gap: .4rem; }
.key { display: inline-block; flex: none; width: 1.1rem; border-top: 2.5px solid currentColor; }
.key.dashes { border-top-style: dashed; border-top-width: 2px; }
.key.point { width: .6rem; height: .6rem; border: 0; border-radius: 50%; background: currentColor; }
.key.block { width: .75rem; height: .75rem; border: 0; border-radius: 3px; }

table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { padding: .42rem .6rem; text-align: right; vertical-align: baseline; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; padding-left: 0; }
td:last-child, thead th:last-child { padding-right: 0; }
tbody:last-child tr:last-child > * { border-bottom: 0; }
thead th { color: var(--muted); font-size: .8125rem; font-weight: 600; }
tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 6rem; }
tbody th small { display: block; font-weight: 400; line-height: 1.35; }
#segments .by-time th[scope=row] { white-space: nowrap; } #segments td small { display: block; white-space: nowrap; font-size: .75rem; } #segments .weak { color: var(--fraud); overflow-wrap: normal; } #segments th.by { padding-top: 1rem; font-weight: 700; } #segments .card + .card { margin-top: 1rem; }
td.words, th.words { text-align: left; overflow-wrap: anywhere; }
tbody.total th, tbody.total td { color: var(--muted); }
tr.chosen > * { background: var(--accent-soft); }
tr.chosen th { box-shadow: -.6rem 0 var(--accent-soft); font-weight: 700; } tr.chosen th small { display: inline; } tr.chosen td:last-child { box-shadow: .6rem 0 var(--accent-soft); }
header .about + p { margin-top: .8rem; }
.whole-cells :is(td, thead th) { white-space: nowrap; } section > h3:not(:first-child) { margin-top: 1.4rem; }
.scroll { overflow-x: auto; margin: .7rem -.6rem 0; padding-inline: .6rem; }

.confusion { margin-top: .9rem; table-layout: fixed; border-collapse: separate; border-spacing: 5px; }
.confusion th, .confusion > thead td { border: 0; padding: .2rem; text-align: center; color: var(--muted); font-size: .8125rem; font-weight: 600; }
.confusion tbody th { text-align: left; padding-left: 0; min-width: 0; vertical-align: middle; overflow-wrap: normal; } .confusion thead td { width: 5.6rem; }
.confusion tbody td { border: 0; border-radius: 8px; padding: 1.4rem .4rem; text-align: center; vertical-align: middle; }
.confusion td > * { display: block; } .confusion td b { font-size: clamp(1.15rem, 1rem + .9vw, 1.6rem); line-height: 1.2; letter-spacing: -.02em; }
.confusion td span { font-size: .875rem; } .confusion td small { font-size: .75rem; color: inherit; opacity: .86; }
.confusion .legit.right { background: var(--legit-strong); color: #fff; } .confusion .fraud.right { background: var(--fraud-strong); color: #fff; }
.confusion .legit.wrong { background: var(--legit-soft); } .confusion .fraud.wrong { background: var(--fraud-soft); }

pre { overflow-x: auto; margin-top: .9rem; padding: .8rem .9rem; border-radius: 8px; background: var(--sunken); line-height: 1.5; overflow-wrap: normal; }
pre.monospace { font-size: clamp(.53rem, 2.4vw, .8125rem); }
.command { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--sunken); box-shadow: none; padding: 1rem 1.1rem; user-select: all; }
.terms { margin-top: .7rem; font-size: .875rem; }
.terms div { display: grid; grid-template-columns: minmax(6.5rem, 9rem) minmax(0, 1fr); gap: .75rem; padding: .38rem 0; border-bottom: 1px solid var(--line); }
.terms div:last-child { border-bottom: 0; padding-bottom: 0; } .terms dt { color: var(--muted); } .terms dd { overflow-wrap: anywhere; }
.split { display: flex; gap: 3px; height: .8rem; margin-top: 1rem; } .split span { min-width: 4px; border-radius: 3px; }
.tone-1 { background: var(--accent); opacity: .28; } .tone-2 { background: var(--accent); opacity: .58; } .tone-3 { background: var(--accent); }
.legend .block { background: currentColor; opacity: .75; }
.parts { margin-top: .6rem; font-size: .875rem; } .parts li { display: flex; flex-wrap: wrap; align-items: center; gap: .15rem .45rem; padding: .12rem 0; }
details > summary { cursor: pointer; font-weight: 600; font-size: .9375rem; }
details:not([open]) { padding-block: .8rem; }
button { padding: .5rem 1rem; border: 0; border-radius: 8px; background: var(--accent); color: var(--page); font: inherit; font-weight: 600; cursor: pointer; }
.page.small { max-width: 40rem; padding-top: 12vh; } .page.home { max-width: 62rem; } .page.small form { margin: 1.5rem 0; }
.page.small .intro + .intro, .page.small .notices { margin-top: 1rem; }
.figures + .intro, .grid + .intro { margin-top: 1rem; }
label { display: block; font-size: .875rem; font-weight: 600; }
input { display: block; width: 100%; margin: .4rem 0 .7rem; padding: .6rem .7rem; border: 1px solid var(--line-strong); border-radius: 8px; background: var(--page); color: var(--ink); font: inherit; }
[role=alert] { min-height: 1.4rem; margin-bottom: .6rem; color: var(--fraud); font-size: .875rem; }
.about .good { color: var(--legit); border-color: currentColor; } .about .bad { color: var(--fraud); border-color: currentColor; font-weight: 600; }
@media (min-width: 56rem) { .home .figures { grid-template-columns: repeat(5, minmax(0, 1fr)); } }
@media (max-width: 55.99rem) { .home .figure:last-child { grid-column: 1 / -1; } }
.home time { white-space: nowrap; } .home .terms { padding-block: .5rem; } .home .notices { margin-top: 1rem; } .home dt a { color: var(--accent); font-weight: 600; }
.copied { position: relative; } .copied button { position: absolute; top: .6rem; right: .6rem; padding: .25rem .8rem; font-size: .8125rem; } .copied pre { padding-right: 6rem; }
footer { margin-top: 3.5rem; padding-top: 1.1rem; border-top: 1px solid var(--line); color: var(--muted); font-size: .8125rem; }

@media (max-width: 30rem) {
  .page { padding: 1.25rem .8rem 3rem; }
  .card { padding: .95rem .85rem 1rem; border-radius: 10px; }
  .figures { gap: .6rem; } .figure { padding: .8rem .8rem .85rem; }
  section + section { margin-top: 2.4rem; }
  table { font-size: .75rem; } th, td { padding-inline: .25rem; } thead th { font-size: .75rem; } tbody th { min-width: 4.4rem; }
  .confusion { border-spacing: 3px; } .confusion tbody th { font-size: .75rem; } .confusion thead td { width: 4.6rem; } .confusion tbody td { padding-block: 1rem; }
  pre { padding-inline: .5rem; }
  .terms div { grid-template-columns: 6.2rem minmax(0, 1fr); }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --surface: #fff; --sunken: #f6f7f9; --ink: #000; --muted: #444b55; --line: #dfe3e8; --line-strong: #aab2bd;
    --fraud: #c2480f; --fraud-soft: #fbeae0; --legit: #2463a6; --legit-soft: #e4edf7; --accent: #6246bd; --accent-soft: #ece8f8;
    --warn: #8a5a00; --warn-soft: #fff6df; --warn-line: #e5b95a; --legit-strong: #2463a6; --fraud-strong: #c2480f; --shadow: none;
  }
  @page { margin: 14mm; }
  html { font-size: 82%; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav { display: none; } .columns { display: block; } .page { max-width: none; padding: 0; }
  .grid.grid { grid-template-columns: repeat(2, minmax(0, 1fr)); } .figures { grid-template-columns: repeat(4, minmax(0, 1fr)); }
  .wide.wide.wide { display: block; } .narrow.narrow.narrow, .middle.middle.middle { display: none; }
  .card, tr, .notices li { break-inside: avoid; } details.card { break-inside: auto; } h2 { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; }
  pre { white-space: pre-wrap; }
}
`
