import { parseIsoTime } from '../core/time-parser.ts'
import type { MissingWords } from './missing-words.ts'
import { parseDecimal } from './number-parser.ts'

export type ColumnKind = 'number' | 'text' | 'time'

/** What a cell looks like, its surrounding blanks already left out; undefined where it is missing. */
export function kindOfCell(
  bytes: Uint8Array,
  start: number,
  end: number,
  missing: MissingWords,
): ColumnKind | undefined {
  const value = parseDecimal(bytes, start, end)
  if (!Number.isNaN(value)) return isWholeButUnsafe(value, bytes, start, end) ? 'text' : 'number'
  if (missing.has(bytes, start, end)) return undefined
  return Number.isNaN(parseIsoTime(bytes, start, end)) ? 'text' : 'time'
}

/** A whole number past 2^53 is an identifier: as a double it would become one with its neighbours. */
export function isWholeButUnsafe(value: number, bytes: Uint8Array, start: number, end: number): boolean {
  if (!(Math.abs(value) > Number.MAX_SAFE_INTEGER)) return false
  for (let at = start; at < end; at++) if (bytes[at] === 0x2e || (bytes[at] | 0x20) === 0x65) return false
  return true
}

/** How many of a column's first cells look like what. */
export class KindCounts {
  readonly #counts = { number: 0, text: 0, time: 0 }

  add(kind: ColumnKind | undefined): void {
    if (kind !== undefined) this.#counts[kind]++
  }

  /**
   * The column's kind: numbers or times where a majority is, but for one stray cell or a tenth of them; those are errors
   * to report, not a reason to read a column of numbers as text. Undefined where nothing but missing cells was seen.
   */
  decide(): ColumnKind | undefined {
    const { number, text, time } = this.#counts
    const total = number + text + time
    if (total === 0) return undefined
    const tolerated = Math.max(1, Math.floor(total / 10))
    for (const kind of ['number', 'time'] as const) {
      const strays = total - this.#counts[kind]
      if (strays <= tolerated && strays < this.#counts[kind]) return kind
    }
    return 'text'
  }
}
