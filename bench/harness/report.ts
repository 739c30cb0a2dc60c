import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Summary } from './measure.ts'

/** What a benchmark has to say: Markdown under its own heading in RESULTS.md. */
export interface Section {
  readonly title: string
  readonly body: string
}

const preamble = `# Results

Written by \`npm run bench\`, a section per claim, each with its date, machine and command. A ratio above 1 is in Shrike's favour.
What each claim means, and how it is measured: [README.md](README.md).
`

/** A number with as many decimals as a reader needs: three significant digits. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return 'none'
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-9))))
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

export function formatSummary({ median, min, max }: Summary): string {
  return `${format(median)} (${format(min)} to ${format(max)})`
}

export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

/** How often `ours` is better than `theirs`, against the bar, in words that say who wins. */
export function verdict(ratio: number, bar: number): string {
  const winner = ratio >= 1 ? 'Shrike is ahead' : 'the peer is ahead'
  return `${format(ratio)}x; bar ${bar}x: ${ratio >= bar ? 'met' : 'MISSED'} (${winner})`
}

/** Puts the section where its heading stands in the results file, or at the end of it. */
export function updateResults(path: string, { title, body }: Section): void {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : preamble
  const [head, ...sections] = text.split(/^(?=## )/m)
  const section = `## ${title}\n\n${body}`
  const index = sections.findIndex((other) => other.startsWith(`## ${title}\n`))
  if (index >= 0) sections[index] = section
  else sections.push(section)
  writeFileSync(path, `${[head, ...sections].map((part) => part.trim()).join('\n\n')}\n`)
}
