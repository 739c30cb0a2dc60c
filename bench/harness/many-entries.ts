import { createHash } from 'node:crypto'
import { send } from './policy-of-rules.ts'

const linesAtOnce = 50_000
const types = { ndjson: 'application/x-ndjson', csv: 'text/csv' } as const
type Form = keyof typeof types

/** The value of an entry, as a reference is written: letters alone, of which none is taken for a card number. */
export function entryAt(place: number): string {
  const hash = createHash('sha256').update(String(place)).digest('hex').slice(0, 16)
  return `ref-${hash.replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)])}`
}

function lineOf(form: Form, place: number): string {
  const [value, source] = [entryAt(place), 'chargebacks']
  return form === 'csv' ? `${value},${source}` : JSON.stringify({ value, source })
}

/** Sends entries from one place to another, in requests of many lines each; the seconds that they took. */
export async function sendEntries(url: string, form: Form, from: number, to: number): Promise<number> {
  let seconds = 0
  for (let first = from; first < to; first += linesAtOnce) {
    const count = Math.min(linesAtOnce, to - first)
    const header = form === 'csv' ? 'value,source\n' : ''
    const body = header + Array.from({ length: count }, (_, i) => lineOf(form, first + i)).join('\n')
    const startMs = performance.now()
    await send(url, types[form], body)
    seconds += (performance.now() - startMs) / 1000
  }
  return seconds
}

/** Reads all entries back; throws where they are not those that were sent, in their order. */
export async function expectEntries(url: string, form: Form, count: number): Promise<void> {
  const response = await fetch(url, { headers: { accept: types[form] } })
  const lines = (await response.text()).trimEnd().split('\n')
  if (form === 'csv') lines.shift()
  const wrong = lines.findIndex((line, place) => {
    const value = form === 'csv' ? line.split(',')[0] : JSON.parse(line).value
    return value !== entryAt(place)
  })
  if (lines.length !== count || wrong !== -1) {
    throw new Error(`${url} gives ${lines.length} entries in place of ${count}, the first other one at ${wrong}`)
  }
}
