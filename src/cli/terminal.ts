import { createRequire } from 'node:module'
import type { Bar } from 'cli-progress'
import type { Step } from '../core/progress.ts'
import { withFlags } from './flag-names.ts'

/** Where a command speaks: results on standard output, everything about their making on standard error. */
export interface Terminal {
  /** A line for a person; with --json it goes to standard error. */
  say(text: string): void
  /** A line about the making of a result, which may itself be standard output. */
  note(text: string): void
  warn(text: string): void
  /** The result for a program, printed only with --json. */
  result(value: unknown): void
  /** Follows a piece of work: a bar on a terminal, a line at its end elsewhere. */
  begin(what: string): Step
  /** Takes the bar of work that failed off the screen: it hides the cursor, and its timer keeps the process alive. */
  clear(): void
}

export function createTerminal({ json }: { readonly json: boolean }): Terminal {
  const out = json ? process.stderr : process.stdout
  const bars = new Set<Bar>()
  return {
    say: (text) => out.write(`${withFlags(text)}\n`),
    note: (text) => process.stderr.write(`${withFlags(text)}\n`),
    warn: (text) => process.stderr.write(`${paint('33', 'warning:')} ${withFlags(text)}\n`),
    result: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value, withFlagsIn, 2)}\n`)
    },
    begin: (what) => (process.stderr.isTTY ? beginBar(what, bars) : beginLine(what)),
    clear: () => {
      for (const bar of bars) bar.stop()
    },
  }
}

function withFlagsIn(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? withFlags(value) : value
}

/** Colours only where a person looks and did not ask for none (no-color.org). */
export function paint(code: string, text: string): string {
  return process.stderr.isTTY && !process.env.NO_COLOR ? `\u001b[${code}m${text}\u001b[0m` : text
}

/** Loaded for the first bar: most commands show none. */
function loadBars(): typeof import('cli-progress') {
  return createRequire(import.meta.url)('cli-progress')
}

function formatSeconds(ms: number): string {
  if (ms < 995) return `${Math.round(ms)} ms`
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}

/** One bar, that shows how much is done and how long the rest will take. */
function beginBar(what: string, bars: Set<Bar>): Step {
  const startMs = performance.now()
  let bar: Bar | undefined
  return {
    update(done, total) {
      if (bar === undefined) {
        const format = `  ${what} {bar} {percentage} %  {detail}`
        const options = { format, clearOnComplete: true, hideCursor: true, stream: process.stderr, fps: 12 }
        const { Presets, SingleBar } = loadBars()
        bar = new SingleBar(options, Presets.shades_classic)
        bars.add(bar)
        bar.start(total, 0, { detail: '' })
      }
      const elapsedMs = performance.now() - startMs
      const left = done > 0 && elapsedMs > 500 ? `${formatSeconds((elapsedMs / done) * (total - done))} left` : ''
      bar.setTotal(total)
      bar.update(done, { detail: total <= 100_000 ? `${done}/${total}  ${left}` : left })
    },
    end(outcome) {
      bar?.stop()
      process.stderr.write(endLine(what, startMs, outcome))
    },
  }
}

function beginLine(what: string): Step {
  const startMs = performance.now()
  return { update: () => {}, end: (outcome) => process.stderr.write(endLine(what, startMs, outcome)) }
}

function endLine(what: string, startMs: number, outcome: string | undefined): string {
  const time = formatSeconds(performance.now() - startMs)
  return withFlags(`  ${paint('32', '✓')} ${what}${outcome === undefined ? '' : `: ${outcome}`} (${time})\n`)
}
