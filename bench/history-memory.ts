import { z } from 'zod'
import { runJson } from './harness/child.ts'
import type { Claim } from './harness/claim.ts'
import { handbookCsv, withoutHandbook } from './harness/handbook.ts'
import { alternate, median, type Summary, summarize } from './harness/measure.ts'
import { benchFile } from './harness/peers.ts'
import { format, formatSummary, markdownTable } from './harness/report.ts'

const bar = { perEvent: 24, perKey: 200 }
/** The time and the amount of an event. */
const bytesOfNumbers = 16

const memoryResult = z.object({
  rows: z.number(),
  keys: z.number(),
  events: z.number(),
  /** What the garbage collector leaves, over what it left of empty histories. */
  bytes: z.number(),
  emptyBytes: z.number(),
  /** What the histories themselves say. */
  ownCount: z.number(),
})
type MemoryResult = z.infer<typeof memoryResult>

interface Case {
  readonly name: string
  readonly args: readonly string[]
}

export const historyMemory: Claim = {
  title: 'Memory of histories',
  packages: [],
  async measure({ rounds = 5, smoke, log }) {
    const smaller = smoke ? 100 : 1
    const [oneKey, onceSeen, between] = [
      synthetic('one key', 1, 1_000_000 / smaller),
      synthetic('keys seen once', 5_000_000 / smaller, 1),
      synthetic('60 events a key', 100_000 / smaller, 60),
    ]
    const file = handbookCsv(smoke)
    const handbook = file === undefined ? [] : [{ name: 'the handbook, at its end', args: [file] }]
    const cases: readonly Case[] = [oneKey, onceSeen, between, ...handbook]
    const contestants = cases.map(({ name, args }) => ({ name, run: () => measureOnce(args) }))
    const results = await alternate(smoke ? 1 : rounds, contestants, log)
    checkPlausible(results)
    return describe(cases, results) + (file === undefined ? `\n${withoutHandbook}` : '')
  },
}

function synthetic(name: string, keys: number, events: number): Case {
  return { name, args: [String(keys), String(events)] }
}

async function measureOnce(args: readonly string[]): Promise<MemoryResult> {
  const script = benchFile('ours/history-memory.ts')
  // V8 throws away code that has not run for a while: the loader's, say, some 5 MB at a time of its own choosing, which
  // would be taken for memory that the histories gave back.
  const flags = ['--expose-gc', '--no-flush-bytecode']
  return memoryResult.parse(await runJson(process.execPath, [...flags, script, ...args]))
}

/** The first three cases lie within the longest window: all of it must be there, and nothing is held in less than its numbers take. */
function checkPlausible(results: readonly (readonly MemoryResult[])[]): void {
  for (const { rows, events, bytes } of results.slice(0, 3).flat()) {
    if (events !== rows) throw new Error(`The histories hold ${events} of ${rows} events`)
    if (bytes < events * bytesOfNumbers) throw new Error(`${events} events can't be held in ${bytes} bytes`)
  }
}

function describe(cases: readonly Case[], results: readonly (readonly MemoryResult[])[]): string {
  // Rounds keep the same keys and events.
  const kept = results.map(([{ keys, events }]) => ({ keys, events }))
  const held = results.map((runs) => summarize(runs.map(({ bytes }) => bytes)))
  const allowed = kept.map(({ keys, events }) => bar.perEvent * events + bar.perKey * keys)
  const megabytes = ({ median, min, max }: Summary) => ({ median: median / 1e6, min: min / 1e6, max: max / 1e6 })
  const table = markdownTable(
    [
      'case',
      'keys',
      'events kept',
      'held, MB: median (min to max)',
      'B per event',
      'B per key',
      'of the bar',
      'own count over held',
      'empty, MB',
    ],
    kept.map(({ keys, events }, i) => [
      cases[i].name,
      keys.toLocaleString('en-US'),
      events.toLocaleString('en-US'),
      formatSummary(megabytes(held[i])),
      format(held[i].median / events),
      format(held[i].median / keys),
      `${((100 * held[i].median) / allowed[i]).toFixed(0)} %`,
      format(results[i][0].ownCount / held[i].median),
      format(median(results[i].map(({ emptyBytes }) => emptyBytes)) / 1e6),
    ]),
  )
  const perEvent = held[0].median / kept[0].events
  const perKey = (held[1].median - perEvent * kept[1].events) / kept[1].keys
  const isMet = held.every(({ max }, i) => max <= allowed[i])
  const solved = `${format(perEvent)} B per event (one key) and ${format(perKey)} B per key (keys seen once, less their event)`
  return `${table}\n\n${solved}; bar ${bar.perEvent} B per event + ${bar.perKey} B per key: ${isMet ? 'met in every case' : 'MISSED'}.`
}
