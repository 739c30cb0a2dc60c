import { type Outcome, outcomes } from '../detector/detector-schema.ts'
import { formatCount, formatPercent, formatTick } from '../pages/format.ts'
import { breakable, html, type Markup, nothing } from '../pages/html.ts'
import { pageHead } from '../pages/page.ts'
import { drawFigure, type Figure } from '../report/chart.ts'
import { colors, line, plot, ticksUpTo, xAxis, yAxis } from '../report/chart-parts.ts'
import type { BacktestResult } from './backtest-result.ts'
import type { SetFigures } from './result.ts'
import { focusWords, sideWords, tellBetween, tellCaught, tellMoney, tellShare } from './words.ts'

const mostRows = 100

/** A backtest as one HTML page that fetches nothing and runs nothing. The same figures give the same bytes. */
export function renderBacktest(result: BacktestResult): string {
  const title = `Backtest: ${focusWords(result.focus)}`
  const { basis, all, from, to } = result
  const facts = [
    ['Source', basis.source],
    ['From', from ?? '–'],
    ['To', to ?? '–'],
    ['Transactions', formatCount(all.transactions)],
    ['Known frauds', formatCount(all.frauds)],
    ['Too young', formatCount(all.young)],
  ] as const
  return html`<!doctype html>
<html lang="en">
<head>${pageHead(title)}</head>
<body><div class="page"><main>
<header><h1>${title}</h1><ul class="about">${facts.map(([name, value]) => html`<li>${name} <b>${value}</b></li>`)}</ul></header>
${notices(result)}
${focusSection(result)}
${outcomeSection(result)}
${changeSection(result)}
${daySection(result)}
${ruleSection(result)}
${overlapSection(result)}
${exampleSection(result)}
</main></div></body>
</html>
`.markup
}

function notices({ notes }: BacktestResult): Markup {
  if (notes.length === 0) return nothing
  return html`<ul class="notices">${notes.map((note) => html`<li class="note"><strong>Note</strong> <span>${note}</span></li>`)}</ul>`
}

function focusSection({ sides, focus }: BacktestResult): Markup {
  const shown = sides.filter(({ name }) => name !== 'inForce' || focus.kind === 'stopped')
  const cards = shown.map(({ name, focus: set }) => {
    const items = termsOf(set).map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)
    return html`<div class="card"><h3>${capital(sideWords[name])}</h3><dl class="terms">${items}</dl></div>`
  })
  return html`<section id="summary"><h2>${capital(focusWords(focus))}</h2>
<p class="intro">Transactions that it hits, and what they turned out to be. In parentheses: 95 % intervals. What was held back and has no label is unknown: where it counts there are only bounds, unless a control group tells of it.</p>
<div class="grid">${cards}</div></section>`
}

function termsOf(set: SetFigures): readonly (readonly [string, string])[] {
  const { transactions, share, frauds, legitimate, unknown, young, precision, recall, value } = set
  const money =
    value === null
      ? []
      : ([
          ['Money of fraud', tellCaught(value)],
          ['Money of good customers', tellBetween(value.lost, value.lostAtMost)],
          ['Money of the unknown', tellMoney(value.unknown)],
        ] as const)
  return [
    ['Hits', `${formatCount(transactions)}, ${formatPercent(share)} of all`],
    ['Frauds', formatCount(frauds)],
    ['Legitimate', formatCount(legitimate)],
    ['Unknown', formatCount(unknown)],
    ['Too young', formatCount(young)],
    ['Precision', tellShare(precision)],
    ['Recall', tellShare(recall)],
    ...money,
  ]
}

function outcomeSection({ happened, sides }: BacktestResult): Markup {
  const rows = [...(happened === null ? [] : [{ name: 'happened' as const, ...happened }]), ...sides]
  const hasCosts = rows.some(({ cost }) => cost !== null)
  const cells = rows.map(({ name, outcomes: told, cost }) => [
    capital(sideWords[name]),
    ...outcomes.map((outcome) => formatCount(told[outcome].transactions)),
    ...(hasCosts ? [cost === null ? '–' : costWords(cost.atLeast, cost.atMost)] : []),
  ])
  const heads = ['', ...outcomes.map(capital), ...(hasCosts ? ['Cost'] : [])]
  return html`<section id="outcomes"><h2>Outcomes</h2>${tableOf(heads, cells)}</section>`
}

function costWords(least: number, most: number): string {
  return least === most ? tellMoney(least) : `${tellMoney(least)} to ${tellMoney(most)}`
}

function changeSection({ changes }: BacktestResult): Markup {
  const parts = changes.map(({ from, to, cells }) => {
    const moved = cells.filter((cell) => cell.from !== cell.to).sort((a, b) => b.transactions - a.transactions)
    const rows = moved.map((cell) => [
      `${cell.from} → ${cell.to}`,
      ...[cell.transactions, cell.frauds, cell.legitimate, cell.unknown, cell.young].map(formatCount),
      ...(cell.value === null ? [] : [tellMoney(cell.value.caught), tellMoney(cell.value.lost)]),
    ])
    const money = moved.some(({ value }) => value !== null) ? ['Money of fraud', 'Money of good customers'] : []
    const heads = ['Outcome', 'Transactions', 'Frauds', 'Legitimate', 'Unknown', 'Too young', ...money]
    const title = `${capital(sideWords[to])} against ${sideWords[from]}`
    return html`<h3>${title}</h3>${rows.length === 0 ? html`<p class="empty">Nothing changes.</p>` : tableOf(heads, rows)}`
  })
  return html`<section id="changes"><h2>What changes</h2>${parts}</section>`
}

const wide = { width: 960, height: 300 }
const sizes = { wide, middle: { width: 700, height: 300 }, narrow: { width: 320, height: 270 } }

function daySection({ days }: BacktestResult): Markup {
  const hitsOf = days.map(({ hits }) => hits.fraud + hits.legitimate + hits.unknown + hits.young)
  const top = ticksUpTo(Math.max(1, ...hitsOf))
  const places = days.map((_, i) => i)
  const every = Math.max(1, Math.ceil(days.length / 6))
  const ticks = places.filter((i) => i % every === 0)
  const figure: Figure = {
    id: 'by-day',
    title: 'Hits by day',
    text: 'How many transactions a day it hits, and how many of them are known frauds.',
    legend: [
      { label: 'All hits', color: colors.accent, shape: 'line' },
      { label: 'Known frauds', color: colors.fraud, shape: 'line' },
    ],
    summary: `Hits on ${days.length} days; at most ${formatCount(Math.max(0, ...hitsOf))} on one.`,
    sizes,
    chart:
      days.length < 2
        ? 'It takes two days to draw this.'
        : () => ({
            grid: plot,
            xAxis: xAxis({ min: 0, max: days.length - 1, ticks, format: (i) => days[i]?.day.slice(5) ?? '' }),
            yAxis: yAxis({ min: 0, max: top[top.length - 1], ticks: top, format: formatTick, name: 'Hits' }),
            series: [
              line(
                places.map((i) => [i, hitsOf[i]]),
                { color: colors.accent, area: 0.12 },
              ),
              line(
                places.map((i) => [i, days[i].hits.fraud]),
                { color: colors.fraud },
              ),
            ],
          }),
  }
  return html`<section id="days"><h2>By day</h2>${drawFigure(figure)}</section>`
}

function ruleSection({ sides }: BacktestResult): Markup {
  const rules = sides.find(({ name }) => name === 'tested')?.rules ?? []
  if (rules.length === 0) return nothing
  const sorted = [...rules].sort((a, b) => b.transactions - a.transactions)
  const rows = sorted
    .slice(0, mostRows)
    .map((rule) => [
      rule.state === 'live' ? rule.id : `${rule.id} (${rule.state})`,
      rule.then,
      ...[rule.transactions, rule.decisive.transactions, rule.frauds, rule.legitimate, rule.unknown].map(formatCount),
      tellShare(rule.precision),
      ...[rule.unknownConditions, rule.undrawn + rule.snoozed + rule.fused].map(formatCount),
    ])
  const heads = [
    'Rule',
    'Then',
    'Hits',
    'Decisive',
    'Frauds',
    'Legitimate',
    'Unknown',
    'Precision',
    'Not told',
    'Held back',
  ]
  const more =
    rules.length > mostRows ? html`<p class="note">And ${formatCount(rules.length - mostRows)} more.</p>` : nothing
  return html`<section id="rules"><h2>By rule</h2>
<p class="intro">Decisive: without the rule another outcome would have been given; of one in shadow, another would be, were it live. Not told: a value that it reads was missing. Held back: by its share, a snooze or a cap.</p>
${tableOf(heads, rows)}${more}</section>`
}

function overlapSection({ overlap }: BacktestResult): Markup {
  if (overlap.length === 0) return nothing
  const rows = overlap
    .slice(0, mostRows)
    .map(({ rule, other, both, share }) => [rule, other, formatCount(both), formatPercent(share)])
  return html`<section id="overlap"><h2>Overlap</h2>
<p class="intro">How often two rules apply to the same transaction, and what share that is of the first one's hits.</p>
${tableOf(['Rule', 'With', 'Both', 'Share'], rows)}</section>`
}

const exampleTitles = {
  fraud: 'Frauds',
  legitimate: 'Legitimate',
  unknown: 'Unknown',
  young: 'Too young to tell',
  changed: 'With another outcome than in force',
} as const

function exampleSection({ examples, sides }: BacktestResult): Markup {
  const kinds = Object.entries(exampleTitles).map(([kind, title]) => ({
    title,
    told: examples[kind as keyof typeof exampleTitles],
  }))
  const outcomeOf = (said: Readonly<Partial<Record<string, Outcome>>>, name: string) => said[name] ?? '–'
  const parts = kinds
    .filter(({ told }) => told.length > 0)
    .map(({ title, told }) => {
      const rows = told.map(({ id, at, amount, score, truth, happened, outcomes: said }) => [
        id,
        at,
        amount === null ? '–' : tellMoney(amount),
        score === null ? '–' : score.toFixed(3),
        truth,
        happened ?? '–',
        ...sides.map(({ name }) => outcomeOf(said, name)),
      ])
      const heads = [
        'Transaction',
        'Time',
        'Amount',
        'Score',
        'Is',
        'Happened',
        ...sides.map(({ name }) => capital(sideWords[name])),
      ]
      return html`<h3>${title}</h3>${tableOf(heads, rows)}`
    })
  if (parts.length === 0) return nothing
  return html`<section id="examples"><h2>Examples</h2><p class="intro">The newest of each kind, by their ids.</p>${parts}</section>`
}

export function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): Markup {
  const body = rows.map(
    ([first, ...cells]) =>
      html`<tr><th scope="row">${breakable(first)}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
  )
  return html`<div class="scroll whole-cells"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${body}</tbody></table></div>`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
