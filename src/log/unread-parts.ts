import type { Sequenced } from './log-record.ts'

/** Counts the records that hold parts which a newer version wrote and this one skips. */
export class UnreadParts {
  readonly #counts = new Map<string, number>()
  #through = 0

  /** Takes records in their order; those that were seen before count once. */
  see(record: Sequenced): void {
    if (record.sequence <= this.#through) return
    this.#through = record.sequence
    if (!('unread' in record)) return
    for (const part of record.unread ?? []) this.#counts.set(part, (this.#counts.get(part) ?? 0) + 1)
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }
}

/** Describes what was skipped; undefined where nothing was. */
export function tellUnread(counts: Readonly<Record<string, number>>): string | undefined {
  const parts = Object.entries(counts).map(
    ([part, count]) => `${part} (${count.toLocaleString('en')} record${count === 1 ? '' : 's'})`,
  )
  if (parts.length === 0) return undefined
  return `A newer Shrike wrote parts of records that this one skips: ${parts.join(', ')}`
}
