import type { Progress } from '../core/progress.ts'
import type { BadRows } from '../data/bad-rows.ts'

/** What a command has said of its files, which it may read several times. */
class Told {
  readonly #texts = new Set<string>()
  readonly #kinds = new Map<string, number>()
  readonly #lines = new Set<string>()

  /** Whether a text is told for the first time. */
  isNew(text: string): boolean {
    return this.#texts.size < this.#texts.add(text).size
  }

  /** The bad rows that an earlier reading of the file has not told of. */
  rest(file: string, { first, kinds }: BadRows): BadRows {
    const fresh = new Map<string, number>()
    for (const [kind, count] of kinds) {
      const key = `${file}: ${withoutCure(kind)}`
      const before = this.#kinds.get(key) ?? 0
      this.#kinds.set(key, Math.max(before, count))
      if (count > before) fresh.set(kind, count - before)
    }
    const count = [...fresh.values()].reduce((sum, each) => sum + each, 0)
    const rows = count === 0 ? [] : first.filter(({ line }) => !this.#lines.has(`${file}: ${line}`))
    for (const { line } of first) this.#lines.add(`${file}: ${line}`)
    return { count, first: rows, kinds: fresh }
  }
}

/** Readings of one file for different ends give different advice about the same row. */
function withoutCure(kind: string): string {
  return kind.replace(/;.*/s, '')
}

/** A command's signal is its own, whatever its progress is wrapped into. */
const commands = new WeakMap<AbortSignal, Told>()

export function toldBy({ signal }: Progress): Told {
  const told = commands.get(signal) ?? new Told()
  commands.set(signal, told)
  return told
}
